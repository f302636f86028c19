/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* How many CPUs may be used, on fake trees and on this machine. */

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "asynchelp/pool/ah-cpu-count-private.h"

#include <glib/gstdio.h>
#include <sched.h>
#include <string.h>

#define V2_MOUNT "29 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"
#define V1_MOUNT                                                                                   \
  "30 23 0:27 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n"                              \
  "31 23 0:28 / /sys/fs/cgroup/cpu,cpuacct rw shared:9 master:1 - cgroup cgroup rw,cpu,cpuacct\n"
#define V1_GROUP "4:cpuset:/\n3:cpu,cpuacct:/a/b\n2:cpuacct:/wrong\n"

typedef struct
{
  const char *path;
  const char *contents;
} FakeFile;

typedef struct
{
  const char *name;
  FakeFile files[8];
  guint affinity;
  guint expected;
} Tree;

static const Tree trees[] = {
  { "nothing", { { NULL, NULL } }, 6, 6 },
  { "v2-half-quota",
    { { "proc/self/mountinfo", V2_MOUNT },
      { "proc/self/cgroup", "0::/a\n" },
      { "sys/fs/cgroup/a/cpu.max", "50000 100000\n" } },
    6,
    1 },
  { "v2-rounds-up",
    { { "proc/self/mountinfo", V2_MOUNT },
      { "proc/self/cgroup", "0::/a\n" },
      { "sys/fs/cgroup/a/cpu.max", "200001 100000\n" } },
    6,
    3 },
  { "v2-exact",
    { { "proc/self/mountinfo", V2_MOUNT },
      { "proc/self/cgroup", "0::/a\n" },
      { "sys/fs/cgroup/a/cpu.max", "200000 100000\n" } },
    6,
    2 },
  { "v2-no-limit",
    { { "proc/self/mountinfo", V2_MOUNT },
      { "proc/self/cgroup", "0::/a\n" },
      { "sys/fs/cgroup/a/cpu.max", "max 100000\n" } },
    6,
    6 },
  { "v2-more-than-affinity",
    { { "proc/self/mountinfo", V2_MOUNT },
      { "proc/self/cgroup", "0::/a\n" },
      { "sys/fs/cgroup/a/cpu.max", "900000 100000\n" } },
    6,
    6 },
  { "v2-limit-of-parent",
    { { "proc/self/mountinfo", V2_MOUNT },
      { "proc/self/cgroup", "0::/a/b/c\n" },
      { "sys/fs/cgroup/a/b/c/cpu.max", "max 100000\n" },
      { "sys/fs/cgroup/a/cpu.max", "300000 100000\n" } },
    6,
    3 },
  { "v2-limit-of-root",
    { { "proc/self/mountinfo", V2_MOUNT },
      { "proc/self/cgroup", "0::/a/b\n" },
      { "sys/fs/cgroup/a/b/cpu.max", "400000 100000\n" },
      { "sys/fs/cgroup/cpu.max", "200000 100000\n" } },
    6,
    2 },
  { "v2-in-root",
    { { "proc/self/mountinfo", V2_MOUNT },
      { "proc/self/cgroup", "0::/\n" },
      { "sys/fs/cgroup/cpu.max", "200000 100000\n" } },
    6,
    2 },
  { "v2-other-group",
    { { "proc/self/mountinfo", V2_MOUNT },
      { "proc/self/cgroup", "0::/ab\n" },
      { "sys/fs/cgroup/a/cpu.max", "200000 100000\n" } },
    6,
    6 },
  { "v2-mounted-part",
    { { "proc/self/mountinfo", "29 23 0:26 /pods/p /mnt/cg rw - cgroup2 none rw\n" },
      { "proc/self/cgroup", "0::/pods/p/x\n" },
      { "mnt/cg/x/cpu.max", "200000 100000\n" } },
    6,
    2 },
  { "v2-mounted-elsewhere",
    { { "proc/self/mountinfo", "29 23 0:26 /pods/q /mnt/cg rw - cgroup2 none rw\n" },
      { "proc/self/cgroup", "0::/host/path\n" },
      { "mnt/cg/cpu.max", "200000 100000\n" } },
    6,
    2 },
  { "v2-similar-mount-first",
    { { "proc/self/mountinfo", "29 23 0:26 /pod /mnt/one rw - cgroup2 none rw\n"
                               "30 23 0:26 / /mnt/two rw - cgroup2 none rw\n" },
      { "proc/self/cgroup", "0::/pods\n" },
      { "mnt/one/cpu.max", "100000 100000\n" },
      { "mnt/two/pods/cpu.max", "200000 100000\n" } },
    6,
    2 },
  { "v2-outside-namespace",
    { { "proc/self/mountinfo", V2_MOUNT },
      { "proc/self/cgroup", "0::/../other\n" },
      { "sys/fs/other/cpu.max", "100000 100000\n" },
      { "sys/fs/cgroup/cpu.max", "300000 100000\n" } },
    6,
    3 },
  { "v2-space-in-mount-point",
    { { "proc/self/mountinfo", "29 23 0:26 / /mnt/c\\040g rw - cgroup2 none rw\n" },
      { "proc/self/cgroup", "0::/a:b\n" },
      { "mnt/c g/a:b/cpu.max", "200000 100000\n" } },
    6,
    2 },
  { "v1",
    { { "proc/self/mountinfo", V1_MOUNT },
      { "proc/self/cgroup", V1_GROUP },
      { "sys/fs/cgroup/cpu,cpuacct/a/b/cpu.cfs_quota_us", "150000\n" },
      { "sys/fs/cgroup/cpu,cpuacct/a/b/cpu.cfs_period_us", "50000\n" } },
    6,
    3 },
  { "v1-no-limit",
    { { "proc/self/mountinfo", V1_MOUNT },
      { "proc/self/cgroup", V1_GROUP },
      { "sys/fs/cgroup/cpu,cpuacct/a/b/cpu.cfs_quota_us", "-1\n" },
      { "sys/fs/cgroup/cpu,cpuacct/a/b/cpu.cfs_period_us", "100000\n" } },
    6,
    6 },
  { "v1-limit-of-parent",
    { { "proc/self/mountinfo", V1_MOUNT },
      { "proc/self/cgroup", V1_GROUP },
      { "sys/fs/cgroup/cpu,cpuacct/a/b/cpu.cfs_quota_us", "-1\n" },
      { "sys/fs/cgroup/cpu,cpuacct/a/b/cpu.cfs_period_us", "100000\n" },
      { "sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_quota_us", "200000\n" },
      { "sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_period_us", "100000\n" } },
    6,
    2 },
  { "v1-period-missing",
    { { "proc/self/mountinfo", V1_MOUNT },
      { "proc/self/cgroup", V1_GROUP },
      { "sys/fs/cgroup/cpu,cpuacct/a/b/cpu.cfs_quota_us", "100000\n" } },
    6,
    6 },
  { "v1-and-v2",
    { { "proc/self/mountinfo", V1_MOUNT "40 23 0:40 / /sys/fs/cgroup/unified rw - cgroup2 c rw\n" },
      { "proc/self/cgroup", V1_GROUP "0::/u\n" },
      { "sys/fs/cgroup/cpu,cpuacct/a/b/cpu.cfs_quota_us", "400000\n" },
      { "sys/fs/cgroup/cpu,cpuacct/a/b/cpu.cfs_period_us", "100000\n" },
      { "sys/fs/cgroup/unified/u/cpu.max", "300000 100000\n" } },
    6,
    3 },
  { "garbage",
    { { "proc/self/mountinfo", "x\n29 23\n29 23 0:26 / /sys/fs/cgroup rw -\n" V2_MOUNT },
      { "proc/self/cgroup", "\n:\nhello\n0::/a\n" },
      { "sys/fs/cgroup/a/cpu.max", "\n" },
      { "sys/fs/cgroup/cpu.max", "-5 100000 7\n" } },
    6,
    6 },
  { "zero-quota-and-period",
    { { "proc/self/mountinfo", V2_MOUNT },
      { "proc/self/cgroup", "0::/a\n" },
      { "sys/fs/cgroup/a/cpu.max", "0 100000\n" },
      { "sys/fs/cgroup/cpu.max", "100000 0\n" } },
    6,
    6 },
  { "numbers-too-large",
    { { "proc/self/mountinfo", V2_MOUNT },
      { "proc/self/cgroup", "0::/a\n" },
      { "sys/fs/cgroup/a/cpu.max", "99999999999999999999999 1\n" },
      { "sys/fs/cgroup/cpu.max", "9223372036854775807 1\n" } },
    6,
    6 },
};

static void
write_file (const char *root, const FakeFile *file)
{
  g_autofree char *path = g_build_filename (root, file->path, NULL);
  g_autofree char *directory = g_path_get_dirname (path);
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (g_mkdir_with_parents (directory, 0700), ==, 0);
  g_file_set_contents (path, file->contents, -1, &error);
  g_assert_no_error (error);
}

static void
remove_tree (const char *path)
{
  if (g_file_test (path, G_FILE_TEST_IS_DIR))
    {
      g_autoptr (GDir) directory = g_dir_open (path, 0, NULL);
      const char *name;

      g_assert_nonnull (directory);
      while ((name = g_dir_read_name (directory)) != NULL)
        {
          g_autofree char *child = g_build_filename (path, name, NULL);

          remove_tree (child);
        }
    }

  g_assert_cmpint (g_remove (path), ==, 0);
}

static void
test_tree (gconstpointer data)
{
  const Tree *tree = data;
  g_autoptr (GError) error = NULL;
  g_autofree char *root = g_dir_make_tmp ("ah-cpu-count-XXXXXX", &error);

  g_assert_no_error (error);
  for (guint i = 0; i < G_N_ELEMENTS (tree->files) && tree->files[i].path != NULL; i++)
    write_file (root, &tree->files[i]);

  g_assert_cmpuint (ah_cpu_count_usable (root, tree->affinity), ==, tree->expected);

  remove_tree (root);
}

/* The kernel's answer follows the thread's affinity. */
static void
test_affinity (void)
{
  cpu_set_t before, one;
  int cpu = 0;

  CPU_ZERO (&before);
  if (sched_getaffinity (0, sizeof before, &before) != 0)
    {
      g_test_skip ("more CPUs than a cpu_set_t holds");
      return;
    }
  g_assert_cmpuint (ah_cpu_count_usable ("/nonexistent", 0), ==, CPU_COUNT (&before));

  while (!CPU_ISSET (cpu, &before))
    cpu++;
  CPU_ZERO (&one);
  CPU_SET (cpu, &one);
  g_assert_cmpint (sched_setaffinity (0, sizeof one, &one), ==, 0);
  g_assert_cmpuint (ah_cpu_count_usable ("/nonexistent", 0), ==, 1);
  g_assert_cmpint (sched_setaffinity (0, sizeof before, &before), ==, 0);
}

static void
test_this_machine (void)
{
  guint count = ah_cpu_count_usable ("/", 0);

  g_assert_cmpuint (count, >=, 1);
  g_assert_cmpuint (count, <=, ah_cpu_count_usable ("/nonexistent", 0));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (trees); i++)
    {
      g_autofree char *path = g_strconcat ("/cpu-count/tree/", trees[i].name, NULL);

      g_test_add_data_func (path, &trees[i], test_tree);
    }

  g_test_add_func ("/cpu-count/affinity", test_affinity);
  g_test_add_func ("/cpu-count/this-machine", test_this_machine);

  return g_test_run ();
}
