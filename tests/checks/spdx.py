# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every source file names its licence in its first lines."""

import common

for path in filter(common.is_source, common.files()):
    common.checked()
    head = common.text(path).splitlines()[:5]
    if not any("SPDX-License-Identifier: LGPL-2.1-or-later" in line for line in head):
        common.problem(path, "no SPDX-License-Identifier in the first five lines")

common.verdict("licence headers")
