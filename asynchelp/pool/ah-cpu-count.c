/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* For the CPU_… macros. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "asynchelp/pool/ah-cpu-count-private.h"

#include <errno.h>
#include <sched.h>
#include <string.h>

typedef enum
{
  CGROUP_V1,
  CGROUP_V2,
} CgroupVersion;

/* Larger than any machine: a kernel that still answers "too small" here won't answer at all. */
#define MAX_AFFINITY_BITS (1 << 20)

static guint
count_affinity (void)
{
  /* A fixed cpu_set_t holds 1,024 CPUs, and the kernel refuses a set smaller than its own. */
  for (int bits = CPU_SETSIZE; bits <= MAX_AFFINITY_BITS; bits *= 2)
    {
      cpu_set_t *set = CPU_ALLOC (bits);
      size_t size = CPU_ALLOC_SIZE (bits);
      gboolean too_small;
      int count = 0;

      if (set == NULL)
        break;

      CPU_ZERO_S (size, set);
      too_small = sched_getaffinity (0, size, set) != 0 && errno == EINVAL;
      count = CPU_COUNT_S (size, set);
      CPU_FREE (set);

      if (count > 0)
        return count;
      if (!too_small)
        break;
    }

  return MAX (g_get_num_processors (), 1);
}

/* Whether the comma-separated @list has the item @name: "cpu" is not in "cpuset,cpuacct". */
static gboolean
list_has (const char *list, const char *name)
{
  g_auto (GStrv) items = g_strsplit (list, ",", -1);

  return g_strv_contains ((const char *const *) items, name);
}

static char *
read_file (const char *directory, const char *name)
{
  g_autofree char *path = g_build_filename (directory, name, NULL);
  char *contents = NULL;

  if (!g_file_get_contents (path, &contents, NULL, NULL))
    return NULL;

  return contents;
}

/* The quota over the period, rounded up, or G_MAXUINT where there is no sensible quota. */
static guint
quota_to_cpus (const char *quota_text, const char *period_text)
{
  guint64 quota, period;

  /* No limit is "max" in v2 and -1 in v1; both fail here. */
  if (!g_ascii_string_to_unsigned (quota_text, 10, 1, G_MAXINT64, &quota, NULL)
      || !g_ascii_string_to_unsigned (period_text, 10, 1, G_MAXINT64, &period, NULL))
    return G_MAXUINT;

  return MIN (quota / period + (quota % period != 0), G_MAXUINT);
}

static guint
read_limit (CgroupVersion version, const char *directory)
{
  if (version == CGROUP_V2)
    {
      g_autofree char *max = read_file (directory, "cpu.max");
      g_auto (GStrv) words = NULL;

      if (max == NULL)
        return G_MAXUINT;

      words = g_strsplit (g_strstrip (max), " ", 2);
      if (g_strv_length (words) != 2)
        return G_MAXUINT;

      return quota_to_cpus (words[0], words[1]);
    }
  else
    {
      g_autofree char *quota = read_file (directory, "cpu.cfs_quota_us");
      g_autofree char *period = read_file (directory, "cpu.cfs_period_us");

      if (quota == NULL || period == NULL)
        return G_MAXUINT;

      return quota_to_cpus (g_strstrip (quota), g_strstrip (period));
    }
}

/* The smallest limit on the way from @path below @mount_point up to @mount_point itself. A group
 * may promise more than the groups around it have, so all of them count. */
static guint
read_limits_upward (CgroupVersion version, const char *mount_point, const char *path)
{
  g_autofree char *rest = g_strdup (path);
  guint limit = G_MAXUINT;

  while (TRUE)
    {
      g_autofree char *directory = g_build_filename (mount_point, rest, NULL);
      char *slash;

      limit = MIN (limit, read_limit (version, directory));

      slash = strrchr (rest, '/');
      if (slash == NULL)
        return limit;
      *slash = '\0';
    }
}

/* The path of this process's group in the hierarchy that has the CPU controller. */
static char *
find_group (const char *cgroup_file, CgroupVersion version)
{
  g_auto (GStrv) lines = g_strsplit (cgroup_file, "\n", -1);

  for (guint i = 0; lines[i] != NULL; i++)
    {
      /* Each line is id:controllers:path, and the path may have colons of its own. */
      g_auto (GStrv) parts = g_strsplit (lines[i], ":", 3);
      gboolean matches;

      if (g_strv_length (parts) != 3)
        continue;

      if (version == CGROUP_V2)
        matches = g_str_equal (parts[0], "0") && parts[1][0] == '\0';
      else
        matches = list_has (parts[1], "cpu");

      if (matches)
        return g_strdup (parts[2]);
    }

  return NULL;
}

/* The part of @group that lies below a mount whose root is @mount_root, or NULL if it isn't there.
 * A path with ".." belongs to a group outside this process's namespace: it can't be followed. */
static const char *
group_below (const char *group, const char *mount_root)
{
  gsize length = g_str_equal (mount_root, "/") ? 0 : strlen (mount_root);

  if (strncmp (group, mount_root, length) != 0 || (group[length] != '/' && group[length] != '\0'))
    return NULL;

  if (g_str_equal (group, "/..") || g_str_has_prefix (group, "/../"))
    return NULL;

  return group + length;
}

static guint
read_hierarchy (const char *root,
                const char *mountinfo,
                const char *cgroup_file,
                CgroupVersion version)
{
  const char *type = version == CGROUP_V2 ? "cgroup2" : "cgroup";
  g_autofree char *group = find_group (cgroup_file, version);
  g_autofree char *any_mount_point = NULL;
  g_auto (GStrv) lines = NULL;

  if (group == NULL)
    return G_MAXUINT;

  lines = g_strsplit (mountinfo, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    {
      /* id parent device root mount-point options [optional…] - type source super-options */
      g_auto (GStrv) words = g_strsplit (lines[i], " ", -1);
      guint n_words = g_strv_length (words);
      g_autofree char *mount_root = NULL;
      g_autofree char *mount_point = NULL;
      g_autofree char *directory = NULL;
      const char *below;
      guint dash;

      for (dash = 6; dash < n_words && !g_str_equal (words[dash], "-"); dash++)
        continue;
      if (dash + 3 >= n_words || !g_str_equal (words[dash + 1], type)
          || (version == CGROUP_V1 && !list_has (words[dash + 3], "cpu")))
        continue;

      /* Spaces and the like are written as octal escapes. */
      mount_root = g_strcompress (words[3]);
      mount_point = g_strcompress (words[4]);
      directory = g_build_filename (root, mount_point, NULL);

      below = group_below (group, mount_root);
      if (below != NULL)
        return read_limits_upward (version, directory, below);

      if (any_mount_point == NULL)
        any_mount_point = g_steal_pointer (&directory);
    }

  /* A container without a namespace of its own for groups may show the host's path of the group,
   * and as the mount only what is its own: the limit, if there is one, is at the mount point. */
  return any_mount_point != NULL ? read_limit (version, any_mount_point) : G_MAXUINT;
}

guint
ah_cpu_count_usable (const char *root, guint affinity)
{
  g_autofree char *mountinfo = NULL;
  g_autofree char *cgroup_file = NULL;
  guint count;

  g_return_val_if_fail (root != NULL, 1);

  count = affinity > 0 ? affinity : count_affinity ();

  mountinfo = read_file (root, "proc/self/mountinfo");
  cgroup_file = read_file (root, "proc/self/cgroup");
  if (mountinfo == NULL || cgroup_file == NULL)
    return count;

  /* Both versions can be mounted at once, with the CPU controller in either. */
  count = MIN (count, read_hierarchy (root, mountinfo, cgroup_file, CGROUP_V1));
  count = MIN (count, read_hierarchy (root, mountinfo, cgroup_file, CGROUP_V2));

  return MAX (count, 1);
}
