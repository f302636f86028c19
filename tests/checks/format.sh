#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# C files look as .clang-format says. Headers are left out: clang-format cannot align prototypes.
# Other versions of the program format differently, so it must be this one.

set -eu
cd "$1"

tool=
for candidate in clang-format-14 clang-format; do
  if "$candidate" --version 2>/dev/null | grep -q 'version 14\.'; then
    tool=$candidate
    break
  fi
done
if [ -z "$tool" ]; then
  echo 'clang-format 14 is not there'
  exit 77
fi

mapfile -d '' -t sources < <(find asynchelp tests docs -name '*.c' -print0 | sort -z)
[ ${#sources[@]} -gt 0 ]
"$tool" --style=file --dry-run -Werror "${sources[@]}"
echo "format: ${#sources[@]} files looked at"
