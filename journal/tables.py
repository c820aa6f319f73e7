"""
The rows at rest.

Every `sealed` column holds one envelope of docs/crypto-format.md; the comment beside it names the key.
What is left in the clear is what a query must see: ids, states and the times of rows.
The rows that belong to nobody's record are in `tables_house.py`.
"""

from __future__ import annotations

from journal.tables_house import Heartbeat as Heartbeat
