#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# In "meson devenv" C, Python, GJS and Vala use the library where it was built.
# Arguments: the source tree, the build tree, and a Python that has gi.

set -eu
build=$2
python=$3
library=$build/asynchelp/libasynchelp-1.so.0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Only what "meson devenv" sets may count.
unset MESON_DEVENV LD_LIBRARY_PATH GI_TYPELIB_PATH GJS_PATH PKG_CONFIG_PATH PYTHONPATH XDG_DATA_DIRS

cat >"$work/t.c" <<'EOF'
#include <asynchelp.h>
#include <stdlib.h>

int
main (void)
{
  g_autoptr (AhBatch) batch = ah_parallel_new ();
  g_autoptr (GArray) results = ah_batch_block (batch, NULL, NULL);

  g_print ("results: %u\n", results->len);
  /* The parent of the shell is this program. */
  return system ("grep -o '[^ ]*libasynchelp-1.so.0$' /proc/$PPID/maps | sort -u");
}
EOF

cat >"$work/t.py" <<'EOF'
import gi
gi.require_version("Ah", "1")
from gi.repository import Ah
print("results:", len(Ah.Batch.block(Ah.Parallel.new(), None)))
with open("/proc/self/maps") as maps:
    print(*{line.split()[-1] for line in maps if "libasynchelp-1" in line})
EOF

cat >"$work/t.js" <<'EOF'
imports.gi.versions.Ah = '1';
const {Ah, Gio} = imports.gi;
print('results:', Ah.Parallel.new().block(null).length);
const [, maps] = Gio.File.new_for_path('/proc/self/maps').load_contents(null);
print(imports.byteArray.toString(maps).match(/\S*libasynchelp-1\S*/)[0]);
EOF

cat >"$work/t.vala" <<'EOF'
void main () {
    try {
        print ("results: %u\n", new Ah.Parallel ().block ().length);
        string maps;
        FileUtils.get_contents ("/proc/self/maps", out maps);
        foreach (unowned string line in maps.split ("\n"))
            if ("libasynchelp-1" in line)
                print ("%s\n", line.substring (line.index_of ("/")));
    } catch (Error e) {
        error (e.message);
    }
}
EOF
in_devenv () {
  timeout 120 meson devenv -C "$build" "$@"
}

in_devenv sh -c "cc -o $work/t-c $work/t.c \$(pkg-config --cflags --libs asynchelp-1)"
in_devenv valac --pkg asynchelp-1 -X -w -o "$work/t-vala" "$work/t.vala"

status=0
try () {
  local name=$1 out
  shift
  out=$(in_devenv "$@") || out="failed: $out"
  if grep -q '^results: 0$' <<<"$out" && grep -qF "$library" <<<"$out"; then
    echo "ok $name"
  else
    echo "not ok $name: $out"
    status=1
  fi
}

try C "$work/t-c"
try Python "$python" "$work/t.py"
try GJS gjs "$work/t.js"
try Vala "$work/t-vala"
exit $status
