/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <asynchelp.h>

#define DEMO_TICK_MS 5

/* One regular file. */
typedef struct
{
  GFile     *file;
  char      *name;      /* for messages */
  guint     *n_read;    /* (atomic): counts the files that have been read to their end */
  gboolean   left_out;  /* has been named on stderr, and counts for nothing */
} DemoFile;

/* What a pass over all files found out. */
typedef struct
{
  GPtrArray *digests;   /* (element-type utf8): one a file; NULL where it could not be read */
  GArray    *sizes;     /* (element-type guint64): one a file */
  double     seconds;
} DemoPass;

/* What a main loop that ticks saw, in seconds. */
typedef struct
{
  double longest_gap;   /* between two ticks */
  double longest_work;  /* between two ticks, for which the loop's own thread had a CPU */
} DemoTicks;

typedef struct
{
  GCancellable *cancellable;
  GPtrArray    *files;  /* (element-type DemoFile) */
  guint         n_read; /* (atomic): by the current pass */
} DemoWork;

/* demo-file.c: the two functions that are run for each file */
DemoFile *demo_file_new           (GFile         *file,
                                   guint         *n_read);
void      demo_file_free          (DemoFile      *self);
void      demo_file_leave_out     (DemoFile      *self,
                                   const GError  *error);
void      demo_file_read          (GCancellable  *cancellable,
                                   GValue        *result,
                                   gpointer       user_data,
                                   GError       **error);
void      demo_file_query         (GTask         *task,
                                   gpointer       user_data);

/* demo-walk.c */
gboolean  demo_walk               (DemoWork      *work,
                                   GFile         *directory,
                                   GError       **error);
gboolean  demo_read_list          (DemoWork      *work,
                                   const char    *list,
                                   GError       **error);
gboolean  demo_write_list         (DemoWork      *work,
                                   const char    *list,
                                   guint          n,
                                   GError       **error);

/* demo-pass.c: what came of it */
DemoPass *demo_pass_new           (guint          n_files);
void      demo_pass_free          (DemoPass      *self);
void      demo_pass_set_value     (DemoPass      *self,
                                   DemoFile      *file,
                                   guint          index,
                                   const GValue  *digest,
                                   const GValue  *size);
gboolean  demo_pass_same          (DemoPass      *self,
                                   DemoPass      *other,
                                   GPtrArray     *files);
char     *demo_pass_sum           (DemoPass      *self,
                                   GPtrArray     *files,
                                   guint         *n_files,
                                   guint64       *n_bytes);

/* demo-runs.c: the ways to do it */
DemoPass *demo_run_one_by_one     (DemoWork      *work,
                                   const char    *title,
                                   GError       **error);
DemoPass *demo_run_parallel       (DemoWork      *work,
                                   const char    *title,
                                   GError       **error);
DemoPass *demo_run_halves         (DemoWork      *work,
                                   DemoTicks     *ticks,
                                   GError       **error);

/* demo-progress.c: a bar on a terminal, and nothing elsewhere */
void      demo_progress_show      (const char    *title,
                                   double         fraction);
void      demo_progress_clear     (void);

/* demo-interrupt.c */
void      demo_interrupt_start    (GCancellable  *cancellable);
void      demo_interrupt_stop     (void);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DemoFile, demo_file_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DemoPass, demo_pass_free)
