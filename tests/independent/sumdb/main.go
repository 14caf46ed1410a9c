// Checks evidence files with the packages that Go's own checksum database stands on (golang.org/x/mod/sumdb), which
// know nothing of Autoheal: sumdb FOLDER, as evidence_files wrote it.
package main

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const largest = 600

var folder string

func fail(format string, values ...interface{}) {
	fmt.Printf(format+"\n", values...)
	os.Exit(1)
}

func read(name ...string) []byte {
	data, err := os.ReadFile(filepath.Join(append([]string{folder}, name...)...))
	if err != nil {
		fail("%v", err)
	}
	return data
}

func lines(name ...string) []string {
	return strings.Split(strings.TrimSuffix(string(read(name...)), "\n"), "\n")
}

func hash(text string) (out tlog.Hash) {
	data, err := hex.DecodeString(text)
	if err != nil || len(data) != len(out) {
		fail("no hash: %s", text)
	}
	copy(out[:], data)
	return out
}

func hashes(texts []string) (out []tlog.Hash) {
	for _, text := range texts {
		out = append(out, hash(text))
	}
	return out
}

func verifiers(names ...string) note.Verifiers {
	var list []note.Verifier
	for _, name := range names {
		verifier, err := note.NewVerifier(strings.TrimSpace(string(read(name))))
		if err != nil {
			fail("%s: %v", name, err)
		}
		list = append(list, verifier)
	}
	return note.VerifierList(list...)
}

type head struct {
	size int64
	root tlog.Hash
}

func open(data []byte, known note.Verifiers) (head, error) {
	opened, err := note.Open(data, known)
	if err != nil {
		return head{}, err
	}
	body := strings.Split(opened.Text, "\n")
	if len(body) != 4 || body[0] != opened.Sigs[0].Name {
		return head{}, fmt.Errorf("no checkpoint of this log")
	}
	size, err := strconv.ParseInt(body[1], 10, 64)
	if err != nil {
		return head{}, err
	}
	root, err := base64.StdEncoding.DecodeString(body[2])
	if err != nil || len(root) != 32 {
		return head{}, fmt.Errorf("no root")
	}
	return head{size, hash(hex.EncodeToString(root))}, nil
}

// rootsOf computes the root of every size from the leaves alone.
func rootsOf(leaves [][]byte) []tlog.Hash {
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) (found []tlog.Hash, err error) {
		for _, index := range indexes {
			found = append(found, stored[index])
		}
		return found, nil
	})
	roots := make([]tlog.Hash, len(leaves)+1)
	for index, leaf := range leaves {
		more, err := tlog.StoredHashes(int64(index), leaf, reader)
		if err != nil {
			fail("leaf %d: %v", index, err)
		}
		stored = append(stored, more...)
		if roots[index+1], err = tlog.TreeHash(int64(index+1), reader); err != nil {
			fail("root %d: %v", index+1, err)
		}
	}
	return roots
}

// tampered are proofs with a hash too many, too few, two swapped, a bit flipped.
func tampered(good []tlog.Hash, more tlog.Hash) (wrong [][]tlog.Hash) {
	wrong = append(wrong, append(append([]tlog.Hash{}, good...), more), append([]tlog.Hash{more}, good...))
	for at := range good {
		wrong = append(wrong, append(append([]tlog.Hash{}, good[:at]...), good[at+1:]...))
		flipped := append([]tlog.Hash{}, good...)
		flipped[at][at%32] ^= 1
		wrong = append(wrong, flipped)
		if at > 0 {
			swapped := append([]tlog.Hash{}, good...)
			swapped[at], swapped[at-1] = swapped[at-1], swapped[at]
			wrong = append(wrong, swapped)
		}
	}
	return wrong
}

func checkHeads(roots []tlog.Hash) (checked int) {
	known := verifiers("key")
	for size := int64(1); size <= largest; size++ {
		data := read("checkpoints", fmt.Sprint(size))
		opened, err := open(data, known)
		if err != nil || opened != (head{size, roots[size]}) {
			fail("checkpoint of size %d: %v %v", size, opened, err)
		}
		at := int(size*7) % bytes.Index(data, []byte("\n\n"))
		data[at] ^= 1
		if _, err := open(data, known); err == nil {
			fail("checkpoint of size %d: a flipped bit at byte %d passes", size, at)
		}
		checked++
	}
	for _, name := range []string{"other-key", "other-origin"} {
		if _, err := open(read("hostile", name), known); err == nil {
			fail("hostile/%s passes", name)
		}
	}
	if opened, err := open(read("hostile", "other-root"), known); err != nil || opened.root == roots[opened.size] {
		fail("hostile/other-root is not what it should be: %v", err)
	}
	return checked
}

func checkInclusion(roots []tlog.Hash) (checked int) {
	for _, line := range lines("inclusion.jsonl") {
		var proof struct {
			Index     int64    `json:"index"`
			TreeSize  int64    `json:"tree_size"`
			LeafHex   string   `json:"leaf_hex"`
			HashesHex []string `json:"hashes_hex"`
		}
		if err := json.Unmarshal([]byte(line), &proof); err != nil {
			fail("%v: %s", err, line)
		}
		data, err := hex.DecodeString(proof.LeafHex)
		if err != nil {
			fail("%v: %s", err, line)
		}
		leaf, root, path := tlog.RecordHash(data), roots[proof.TreeSize], hashes(proof.HashesHex)
		if err := tlog.CheckRecord(path, proof.TreeSize, root, proof.Index, leaf); err != nil {
			fail("%v: %s", err, line)
		}
		for _, wrong := range tampered(path, leaf) {
			if tlog.CheckRecord(wrong, proof.TreeSize, root, proof.Index, leaf) == nil {
				fail("tampered with, and passes: %s", line)
			}
		}
		if tlog.CheckRecord(path, proof.TreeSize, root, proof.Index^1, leaf) == nil {
			fail("another index passes: %s", line)
		}
		checked++
	}
	return checked
}

func checkConsistency(roots []tlog.Hash) (checked int) {
	for _, line := range lines("consistency.jsonl") {
		var proof struct {
			OldSize    int64    `json:"old_size"`
			NewSize    int64    `json:"new_size"`
			OldRootHex string   `json:"old_root_hex"`
			NewRootHex string   `json:"new_root_hex"`
			HashesHex  []string `json:"hashes_hex"`
		}
		if err := json.Unmarshal([]byte(line), &proof); err != nil {
			fail("%v: %s", err, line)
		}
		older, newer := roots[proof.OldSize], roots[proof.NewSize]
		if hash(proof.OldRootHex) != older || hash(proof.NewRootHex) != newer {
			fail("other roots than those of the leaves: %s", line)
		}
		path := hashes(proof.HashesHex)
		if err := tlog.CheckTree(path, proof.NewSize, newer, proof.OldSize, older); err != nil {
			fail("%v: %s", err, line)
		}
		for _, wrong := range tampered(path, older) {
			if tlog.CheckTree(wrong, proof.NewSize, newer, proof.OldSize, older) == nil {
				fail("tampered with, and passes: %s", line)
			}
		}
		checked++
	}
	return checked
}

func main() {
	folder = os.Args[1]
	if _, err := note.Open(read("vectors", "foreign-note"), verifiers("vectors/foreign-key")); err != nil {
		fail("the published note: %v", err)
	}
	for _, name := range []string{"checkpoint-3", "checkpoint-8", "cosigned-8"} {
		if _, err := open(read("vectors", name), verifiers("key")); err != nil {
			fail("%s: %v", name, err)
		}
	}
	var leaves [][]byte
	for _, line := range lines("leaves.hex") {
		leaf, err := hex.DecodeString(line)
		if err != nil {
			fail("%v", err)
		}
		leaves = append(leaves, leaf)
	}
	if len(leaves) != largest {
		fail("%d leaves", len(leaves))
	}
	roots := rootsOf(leaves)
	fmt.Printf("sumdb: %d checkpoints, %d inclusion and %d consistency proofs hold; tampered ones are refused\n",
		checkHeads(roots), checkInclusion(roots), checkConsistency(roots))
}
