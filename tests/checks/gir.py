# SPDX-License-Identifier: LGPL-2.1-or-later
"""Everything that the GIR offers is documented, and first paragraphs are one line.

Arguments: the source tree and the GIR.
"""

import sys
import xml.etree.ElementTree as ElementTree

import common

CORE = "{http://www.gtk.org/introspection/core/1.0}"
GLIB = "{http://www.gtk.org/introspection/glib/1.0}"
DOCUMENTED = {
    CORE + name
    for name in ("alias", "class", "interface", "record", "union", "enumeration", "bitfield",
                 "member", "constant", "callback", "function", "method", "constructor", "property",
                 "function-macro")
} | {GLIB + "signal", GLIB + "boxed"}
CALLABLE = {CORE + name for name in ("callback", "function", "method", "constructor")}


def doc(element):
    child = element.find(CORE + "doc")
    return (child.text or "").strip() if child is not None else ""


def walk(element, where):
    for child in element:
        name = child.get("name")
        # The structs of classes hold reserved places only, and fields are private.
        if child.get(GLIB + "is-gtype-struct-for") or child.tag == CORE + "virtual-method":
            continue
        here = f"{where}.{name}"
        if child.tag in DOCUMENTED:
            common.checked()
            if not doc(child):
                common.problem(here, "is not documented")
            elif "\n" in doc(child).split("\n\n")[0] and child.tag != CORE + "member":
                common.problem(here, "the first paragraph of its documentation is not one line")
        if child.tag in CALLABLE:
            for parameter in child.iterfind(f"{CORE}parameters/{CORE}parameter"):
                if not doc(parameter):
                    common.problem(here, f"parameter {parameter.get('name')} is not documented")
            returned = child.find(CORE + "return-value")
            kind = returned.find(CORE + "type")
            if (kind is None or kind.get("name") != "none") and not doc(returned):
                common.problem(here, "what it returns is not documented")
        walk(child, here)


walk(ElementTree.parse(sys.argv[2]).getroot().find(CORE + "namespace"), "Ah")
common.verdict("GIR")
