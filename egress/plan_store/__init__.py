"""Plans between pull request and merge: kept under what they were made from, private, for a few days, sealed where others can read.

store = plan_store.open_store("s3://plans/egress", os.environ)
store.put(Key.of("wld01", "apply", configuration), folder)
store.get(Key.of("wld01", "apply", configuration), another_folder)
"""

from egress.plan_store.key import Key
from egress.plan_store.store import PlanStore, open_store

__all__ = ["Key", "PlanStore", "open_store"]
