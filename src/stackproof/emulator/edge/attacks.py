"""A few patterns of SQL injection and cross-site scripting. AWS's own detection knows far more; the edge says so.

They are chosen to let prose and Markdown about SQL and HTML pass where that is possible: words alone never match.
"""

from __future__ import annotations

import re
from typing import Final

_SQL: Final = re.compile(
    r"""
      ['"`]\s*\)?\s*(?:or|and)\s+(?:not\s+)?['"(]?\w*['")]*\s*(?:=|<>|<|>|like\s+['"])    # ' or 1=1, ' and 'a'='a
    | \b(?:or|and)\s+(\d+)\s*=\s*\1\b                                                      # or 1=1
    | ['"`)\d]\s*union\s+(?:all\s+)?select\b                                               # ' union select
    | \bunion\s+(?:all\s+)?select\s+[\w*.,\s]{1,200}?(?:\bfrom\b|\bnull\b)                # union select a from
    | ['"`)]\s*;\s*(?:(?:drop|alter|truncate|create)\s+(?:table|database|schema|user|role)
                    |delete\s+from|insert\s+into|update\s+\w+\s+set|exec\s)               # '; drop table
    | ;\s*(?:drop|truncate|alter)\s+(?:table|database|schema)\s+\w+\s*(?:;|--|["']?\s*$)  # ; drop table users;
    | '\s*-- | '\s*\#\s*(?:["'&}]|$)                                                       # admin'--, admin' #
    | \b(?:and|or|select)\s+(?:pg_)?sleep\s*\( | \bbenchmark\s*\(\s*\d+ | \bwaitfor\s+delay\s+' | \bxp_cmdshell\b
    """,
    re.IGNORECASE | re.VERBOSE,
)
_SCRIPT: Final = re.compile(
    r"""
      <\s*/?\s*(?:script|iframe|object|embed|applet|meta|base|frameset)\b
    | <[a-z/!][^>]{0,500}[\s/"']on[a-z]{3,20}\s*=                                                  # <img onerror=
    | (?:href|src|action|formaction|data|xlink:href)\s*=\s*\\?["']?\s*(?:javascript|vbscript|data:text/html)
    | \bjavascript\s*:\s*[\w.]+\s*[(=`]                                                     # javascript:alert(1)
    | <\s*style\b[^>]*>[^<]*expression\s*\(
    """,
    re.IGNORECASE | re.VERBOSE,
)


def is_sql(text: str) -> bool:
    """Whether it looks like an attempt to inject SQL."""
    return _SQL.search(text) is not None


def is_script(text: str) -> bool:
    """Whether it looks like an attempt to bring a script into a page."""
    return _SCRIPT.search(text) is not None
