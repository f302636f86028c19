/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "../ah-test-support.h"

#include "odd.h"

/*
 * Arguments are written as one letter each, with what it stands for behind:
 *   i int · u guint · x gint64 · t guint64 · d double · b boolean · s string, or NULL
 *   n null · o object · g GType · v GVariant, taken over · y bytes, as a string literal
 *   B GType and boxed · S strings, as one with commas · L AhValueList, taken over
 */
AhFunction  *native_bind    (GError       **error,
                             const char    *name,
                             const char    *letters,
                             ...);
AhFunction  *native_bind_valist (GError       **error,
                                 const char    *name,
                                 const char    *letters,
                                 va_list        arguments);
AhValueList *native_list    (const char    *letters,
                             ...);

/* A value as text, that says of what type it is. */
char        *native_show    (const GValue  *value);

/* Runs it in a worker; the outcome has to be this. */
void         native_expect  (const char    *expected,
                             const char    *name,
                             const char    *letters,
                             ...);

/* Binding has to fail, with a message that matches the pattern. */
void         native_refuse  (int            code,
                             const char    *pattern,
                             const char    *name,
                             const char    *letters,
                             ...);

/* As native_expect (), but once, for what changes the world. */
void         native_expect_once (const char    *expected,
                                 const char    *name,
                                 const char    *letters,
                                 ...);

/* The object that it gives. */
gpointer     native_get_object  (const char    *name,
                                 const char    *letters,
                                 ...);

/* How many functions of different names were really called. */
guint        native_count_called (void);
