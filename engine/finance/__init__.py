"""Finance: pure arrays in, statements out. Double entry as data (``postings``), closed month by month
(``close``).
"""
