"""Objects of the NSX Policy API as values: which gateway is meant, paths, what a domain owns, trees, seeds, plans.

identity   which manager and which Tier-0 a domain means; the only answer to "is it the same one?"
paths      every path that this project puts together
tree       objects by path, from the hierarchical form
owned      what a domain's stack makes, typed and as Policy JSON
seed       what a lab holds before that
planned    what is there after a plan
gateways   Policy JSON to typed gateways
"""
