// An event of one file. Between `written` and `closed` a program is writing it.
#pragma once

namespace autoheal::workflows {

enum class FileEvent { written, closed, moved };  // moved: it came, went, was replaced or got other attributes

}  // namespace autoheal::workflows
