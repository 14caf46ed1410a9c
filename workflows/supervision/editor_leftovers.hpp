// Names that editors and copying programs leave beside a file while they write it, or forget: never a module, a
// baseline or an extra, unless somebody declares one by name.
#pragma once

#include <string_view>

namespace autoheal::workflows {

// By the last name of the path alone:
//   vim      .NAME.swp .NAME.swo .NAME.swx ... NAME~ .NAME.un~ 4913 5036 5159 ... (it tries whether it may write)
//   emacs    .#NAME #NAME# NAME~ NAME.~1~
//   nano     .NAME.swp NAME~           kate  .NAME.kate-swp NAME~      joe, gedit  NAME~ .goutputstream-RANDOM
//   JetBrains  NAME___jb_tmp___ NAME___jb_old___                       LibreOffice  .~lock.NAME#
//   sed -i   sedRANDOM                 rsync .NAME.RANDOM .~tmp~       dpkg  NAME.dpkg-new NAME.dpkg-tmp
// RANDOM are six random letters and digits: told from a word by a digit or a capital among them.
[[nodiscard]] bool is_editor_leftover(std::string_view path);

}  // namespace autoheal::workflows
