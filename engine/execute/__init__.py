"""Where tasks run: serially or on threads, behind one protocol; what a task is, nobody here knows.

- ``executor``  the protocol, and results in the order of their tasks
- ``serial``    one after the other, here
- ``threads``   several at a time, each result as soon as it is there
- ``blocks``    how many trials a task takes and how many tasks memory allows at one time
"""

from engine.execute.blocks import Extent, blocks_of, executor_for
from engine.execute.executor import Executor, in_order
from engine.execute.serial import Serial
from engine.execute.threads import Threads

__all__ = ["Executor", "Extent", "Serial", "Threads", "blocks_of", "executor_for", "in_order"]
