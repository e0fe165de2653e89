"""Why an order is where it is, and what frees it: one sentence that is always true, as codes and parameters, for pages and the API.

`explain_order` reads the order; `Why` says it in the reader's language. What an act is called stands here, its address on the page.
"""

from orders.explaining.looking import explain_facts, explain_order, obstacle_words
from orders.explaining.why import Act, Hold, Said, Why

__all__ = ["Act", "Hold", "Said", "Why", "explain_facts", "explain_order", "obstacle_words"]
