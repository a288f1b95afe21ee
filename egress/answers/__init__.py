"""What follows from the packet walk for people: questions, answers, what is missing, return routes.

questions, asking          what a domain asks, what a person asks
answer                     a question with what the walk found
causes, remedy, missing_*  what is missing, put in and walked again; in_the_way: what somebody else has there; idle: what is there and does nothing
what_if                    what still works when one thing fails
assumptions                what is taken for granted, what no question is about
returns, route_text        routes outside NSX, in the words of the machines that need them
"""
