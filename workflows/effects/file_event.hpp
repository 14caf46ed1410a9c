// What was seen of one file. Between `written` and `closed` somebody is at work on it.
#pragma once

namespace autoheal::workflows {

enum class FileEvent { written, closed, moved };  // moved: it came, went, was replaced or got other attributes

}  // namespace autoheal::workflows
