/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "asynchelp/pool/ah-thread-clock-private.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define NSEC_PER_SEC G_GUINT64_CONSTANT (1000000000)

/* All fields of interest stand well within the first part of either file. */
#define READ_SIZE 1024

/* Reads the beginning of a file of the thread into @buffer, as a string. */
static gboolean
read_thread_file (const char *proc_root, gint tid, const char *name, char buffer[READ_SIZE])
{
  char path[PATH_MAX];
  gssize n_read;
  int length, fd;

  length = snprintf (path, sizeof path, "%s/self/task/%d/%s", proc_root, tid, name);
  if (length < 0 || (gsize) length >= sizeof path)
    return FALSE;

  do
    fd = open (path, O_RDONLY | O_CLOEXEC);
  while (fd < 0 && errno == EINTR);
  if (fd < 0)
    return FALSE;

  do
    n_read = read (fd, buffer, READ_SIZE - 1);
  while (n_read < 0 && errno == EINTR);
  close (fd);
  if (n_read <= 0)
    return FALSE;

  buffer[n_read] = '\0';
  return TRUE;
}

/* Takes the decimal number at *@text and what blanks stand before it. */
static gboolean
take_number (const char **text, guint64 *number)
{
  const char *start = *text;
  char *end;

  while (*start == ' ')
    start++;
  if (!g_ascii_isdigit (*start))
    return FALSE;

  *number = g_ascii_strtoull (start, &end, 10);
  *text = end;

  return TRUE;
}

static gboolean
parse_schedstat (const char *text, AhThreadClock *clock)
{
  guint64 run_ns, wait_ns;

  if (!take_number (&text, &run_ns) || !take_number (&text, &wait_ns))
    return FALSE;

  /* Two zeros: either the kernel keeps no such account, or the thread has yet to run for the first
   * time. The other file knows which. */
  if (run_ns == 0 && wait_ns == 0)
    return FALSE;

  clock->run_ns = run_ns;
  clock->wait_ns = wait_ns;

  return TRUE;
}

static gboolean
parse_stat (const char *text, AhThreadClock *clock)
{
  guint64 user_ticks, system_ticks;
  const char *field;
  long ticks_per_sec;
  char state;

  /* The second field is the thread's name in parentheses, which may hold blanks and parentheses. */
  field = strrchr (text, ')');
  if (field == NULL || field[1] != ' ' || !g_ascii_isalpha (field[2]))
    return FALSE;

  state = field[2];
  field += 3;

  /* From the third field, the state, on to the 14th and 15th. */
  for (guint i = 4; i < 14; i++)
    {
      field = strchr (field + 1, ' ');
      if (field == NULL)
        return FALSE;
    }
  if (!take_number (&field, &user_ticks) || !take_number (&field, &system_ticks))
    return FALSE;

  ticks_per_sec = sysconf (_SC_CLK_TCK);
  if (ticks_per_sec <= 0)
    return FALSE;

  clock->run_ns = (user_ticks + system_ticks) * (NSEC_PER_SEC / (guint64) ticks_per_sec);
  clock->runnable = state == 'R';

  return TRUE;
}

gboolean
ah_thread_clock_read (const char *proc_root, gint tid, AhThreadClock *clock)
{
  char buffer[READ_SIZE];

  g_return_val_if_fail (proc_root != NULL, FALSE);
  g_return_val_if_fail (clock != NULL, FALSE);

  *clock = (AhThreadClock){ 0 };

  /* Files kept open would save a third of the cost, but a library must not take a thousand of the
   * program's file descriptors. */
  if (read_thread_file (proc_root, tid, "schedstat", buffer) && parse_schedstat (buffer, clock))
    return TRUE;

  return read_thread_file (proc_root, tid, "stat", buffer) && parse_stat (buffer, clock);
}
