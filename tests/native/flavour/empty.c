/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

int ah_test_nothing (void);

int
ah_test_nothing (void)
{
  return 0;
}
