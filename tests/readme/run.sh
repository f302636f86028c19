#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Runs an example of the README, and compares what it prints with what it must print.

set -eu

# The file that the example counts is itself: the last argument, whatever the language.
expected="$(stat -c %s "${!#}") bytes, ring"
printed=$("$@")

if [ "$printed" != "$expected" ]; then
  echo "printed “$printed” instead of “$expected”"
  exit 1
fi
echo "$printed"
