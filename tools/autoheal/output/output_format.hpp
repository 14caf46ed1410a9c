// The forms in which commands print data.
#pragma once

namespace autoheal::cli {

enum class OutputFormat { text, json, jsonl, csv };

}  // namespace autoheal::cli
