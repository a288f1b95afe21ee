"""What a manager holds, whoever made it: whose a Tier-1 is, what it sends with, and whether the domain files cover that. Pure."""
