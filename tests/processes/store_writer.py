"""A process that leases and saves until it is killed; it prints each result kept.

Arguments: the database. It exits by itself when nothing is left to do.
"""

import os
import sys
from pathlib import Path

from shelf import Shelf, analysis

shelf = Shelf(Path(sys.argv[1]))
os.write(1, b"open\n")
while offered := shelf.backlog.ready(3):
    for job in offered:
        shelf.backlog.lease(job)
    for job in offered:
        if shelf.backlog.save([(job, analysis(f"sound-{job.file_id}"))]):
            os.write(1, b"%d\n" % job.file_id)
