#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Builds for release, installs below a prefix of its own, and uses what is there as a user would:
# nothing private is installed, nothing is missing, C, Python, GJS and Vala find it.
# Arguments: the source tree, and a Python that has gi.

set -eu
source=$1
python=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
prefix=$work/prefix
unset MESON_DEVENV

log () {
  "$@" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
}

log timeout 60 meson setup "$work/build" "$source" --prefix="$prefix" --libdir=lib \
  --buildtype=release -Dtests=false -Dexamples=false -Ddocs=false
log timeout 280 ninja -j2 -C "$work/build"
log timeout 60 meson install -C "$work/build" --no-rebuild

# Every public header of the tree, and what the build makes.
{
  cd "$source/asynchelp"
  echo include/asynchelp-1/asynchelp.h
  find . -maxdepth 1 -name '*.h.in' -printf 'include/asynchelp-1/asynchelp/%f\n' | sed 's/\.in$//'
  find . -mindepth 2 -name '*.h' ! -name '*-private.h' -printf 'include/asynchelp-1/asynchelp/%P\n'
  grep -v '^#' "$source/po/LINGUAS" | sed 's,.*,share/locale/&/LC_MESSAGES/asynchelp-1.mo,'
  for flavour in 1.0:gobject-introspection-1.0 2.0:girepository-2.0; do
    pkg-config --exists "${flavour#*:}" \
      && echo "lib/asynchelp-1/asynchelp-girepository-${flavour%:*}.so"
  done
  echo lib/girepository-1.0/Ah-1.typelib
  echo lib/libasynchelp-1.so
  echo lib/libasynchelp-1.so.0
  echo lib/pkgconfig/asynchelp-1.pc
  (cd bindings/python && find gi gi-stubs -type f -name '*.py*' ! -path '*/__pycache__/*') \
    | sed 's,^,lib/python3/dist-packages/,;s,/gi-stubs/\(.*\),/gi-stubs/\1,'
  echo lib/python3/dist-packages/gi-stubs/py.typed
  echo share/asynchelp-1/types/Ah.d.ts
  (cd bindings/gjs/overrides && find . -name '*.js' -printf 'share/gjs-1.0/overrides/%P\n')
  echo share/gir-1.0/Ah-1.gir
  echo share/vala/vapi/asynchelp-1.deps
  echo share/vala/vapi/asynchelp-1.vapi
} | sort -u >"$work/expected"
(cd "$prefix" && find . ! -type d -printf '%P\n' | sort) >"$work/installed"
diff -u "$work/expected" "$work/installed" || { echo 'not ok: other files than expected'; exit 1; }
echo "ok $(wc -l <"$work/installed") files"

export PKG_CONFIG_PATH=$prefix/lib/pkgconfig
export LD_LIBRARY_PATH=$prefix/lib
export GI_TYPELIB_PATH=$prefix/lib/girepository-1.0
export XDG_DATA_DIRS=$prefix/share:/usr/local/share:/usr/share

cat >"$work/t.c" <<'EOF'
#include <asynchelp.h>

#if !AH_CHECK_VERSION (AH_MAJOR_VERSION, AH_MINOR_VERSION, AH_MICRO_VERSION)
#error "the version is not itself"
#endif

int
main (void)
{
  g_autoptr (AhBatch) batch = ah_serial_new ();
  g_autoptr (GArray) results = ah_batch_block (batch, NULL, NULL);

  return results != NULL && results->len == 0 ? 0 : 1;
}
EOF
version=$(pkg-config --modversion asynchelp-1)
# shellcheck disable=SC2046
cc -Wall -Wextra -Werror -o "$work/t-c" "$work/t.c" $(pkg-config --cflags --libs asynchelp-1)
timeout 60 "$work/t-c"
readelf -d "$work/t-c" | grep -q 'NEEDED.*\[libasynchelp-1\.so\.0\]'
echo "ok C, version $version"

cat >"$work/t.vala" <<'EOF'
int main () {
    return new Ah.Serial ().get_n_functions () == 0 ? 0 : 1;
}
EOF
timeout 120 valac --pkg asynchelp-1 -X -w -o "$work/t-vala" "$work/t.vala"
timeout 60 "$work/t-vala"
echo 'ok Vala'

# Where the overrides are, pkg-config says; Python looks two folders further up.
overrides=$(pkg-config --variable=pythonoverridesdir asynchelp-1)
PYTHONPATH=$(realpath "$overrides/../..")
export PYTHONPATH PYTHONDONTWRITEBYTECODE=1
timeout 60 "$python" -c '
import gi
gi.require_version ("Ah", "1")
from gi.repository import Ah
assert Ah.Batch.block (Ah.Serial.new (), None) == []
assert Ah.Parallel ().schedule (len, "four").block () == [4]
import gi.overrides._ah.run
assert gi.overrides._ah.run.__file__.startswith ("'"$prefix"'"), gi.overrides._ah.run.__file__
version = (Ah.MAJOR_VERSION, Ah.MINOR_VERSION, Ah.MICRO_VERSION)
assert ".".join (map (str, version)) == Ah.VERSION_S == "'"$version"'", version
'
echo 'ok Python'

# The module lies beside the library.
timeout 60 "$python" -c '
import gi
gi.require_version ("Ah", "1")
from gi.repository import Ah
function = Ah.Function.new_native ("GLib.path_get_basename", ["/a/b"])
assert Ah.block (function, None) == "b"
'
echo 'ok module'

# The installed translation is found, from wherever the prefix is.
LANGUAGE=de timeout 60 "$python" -c '
import gi, locale
gi.require_version ("Ah", "1")
from gi.repository import Ah, GLib
locale.setlocale (locale.LC_ALL, "")
outer, inner = Ah.Serial.new (), Ah.Parallel.new ()
outer.schedule (inner)
inner.schedule (outer)
try:
    outer.block (None)
except GLib.Error as error:
    assert error.matches (GLib.quark_from_string ("ah-run-error-quark"), Ah.RunError.CYCLE), error
    assert "Stapel" in error.message, error.message
else:
    raise AssertionError ("a batch inside itself ran")
'
echo 'ok translation'

# Where the override is, pkg-config says; GJS adds the last folder itself.
GJS_PATH=$(dirname "$(pkg-config --variable=gjsoverridesdir asynchelp-1)")
export GJS_PATH
timeout 60 gjs -c '
imports.gi.versions.Ah = "1";
const {Ah, GLib} = imports.gi;
const batch = new Ah.Serial ().schedule (GLib.path_get_basename, "/a/b").schedule (() => 1);
if (JSON.stringify (batch.block ()) !== "[\"b\",1]")
  throw new Error (`wrong results: ${batch.block ()}`);
if (!imports.overrides._ah.run.__file__.startsWith ("'"$prefix"'"))
  throw new Error (`the override of ${imports.overrides._ah.run.__file__}`);
'
echo 'ok GJS'
