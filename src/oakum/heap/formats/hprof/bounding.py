"""Java collections that may bound themselves: their limit is in code or in a field that nobody outside reads for sure.

A subclass of ``LinkedHashMap`` that is not the JDK's own is made for ``removeEldestEntry``; of the caches of known
libraries a maximum, a weight or a time to live is the usual use.
"""

from __future__ import annotations

from collections.abc import Iterable

from oakum.heap.formats.hprof.dump import HprofDump

CACHES = (
    "com.github.benmanes.caffeine.cache.",
    "com.google.common.cache.",
    "com.hazelcast.",
    "net.sf.ehcache.",
    "org.apache.commons.collections.map.LRUMap",
    "org.apache.commons.collections4.map.LRUMap",
    "org.apache.commons.jcs",
    "org.cache2k.",
    "org.ehcache.",
    "org.hibernate.internal.util.collections.BoundedConcurrentHashMap",
    "org.infinispan.",
    "org.springframework.util.ConcurrentLruCache",
)
LINKED = "java.util.LinkedHashMap"


def may_bound(dump: HprofDump, path: Iterable[int]) -> str:
    """The class of the first object of a path that may bound itself, "" for none."""
    for node in path:
        lineage = dump.lineage(node)
        if not lineage:
            continue
        if any(_is_cache(name) for name in lineage):
            return lineage[0]
        if LINKED in lineage[1:] and not lineage[0].startswith("java."):
            return f"{lineage[0]}, a {LINKED}"
    return ""


def _is_cache(name: str) -> bool:
    """Also where another library took it in, behind a name of its own."""
    return name.startswith(CACHES) or any(f".{prefix}" in name for prefix in CACHES)
