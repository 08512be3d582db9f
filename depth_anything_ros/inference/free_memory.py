# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How much memory this process may still take."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

_AVAILABLE = re.compile(r'^MemAvailable:\s+(\d+) kB$', re.MULTILINE)
_RECLAIMABLE = re.compile(r'^inactive_file (\d+)$', re.MULTILINE)


def available_bytes(root: Path = Path('/')) -> int | None:
    """Return the memory that is left, in bytes; None where the system does not tell.

    It is what the machine could give without swapping (proc(5), MemAvailable), or less where a
    control group of this process, as of a container, has a limit (cgroups(7), version 1 or 2):
    what the group could give up counts as left there, too. ``root`` is where the system's files
    are.
    """
    found = _AVAILABLE.search(_text(root / 'proc/meminfo'))
    left = [*_left_in_groups(root)]
    if found is not None:
        left.append(int(found[1]) * 1024)
    return max(0, min(left)) if left else None


def _left_in_groups(root: Path) -> Iterator[int]:
    """Yield what each control group of this process with a limit has left, in bytes."""
    mount = root / 'sys/fs/cgroup'
    for line in _text(root / 'proc/self/cgroup').splitlines():
        _, _, rest = line.partition(':')
        controllers, _, name = rest.partition(':')
        if controllers and 'memory' not in controllers.split(','):
            continue
        top = mount / 'memory' if controllers else mount
        limit, used = (
            ('memory.limit_in_bytes', 'memory.usage_in_bytes')
            if controllers
            else ('memory.max', 'memory.current')
        )
        group = top / name.lstrip('/')
        # In a container the name may be that outside of it; then the group is the top one here.
        for each in (group, *group.parents):
            most, now = _text(each / limit).strip(), _text(each / used).strip()
            if most.isdecimal() and now.isdecimal():  # 'max' is none
                kept = _RECLAIMABLE.search(_text(each / 'memory.stat'))
                yield int(most) - int(now) + (int(kept[1]) if kept else 0)
            if each == top:
                break


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding='ascii', errors='replace')
    except OSError:
        return ''
