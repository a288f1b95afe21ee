"""A failed image pull: read in a text, joined with the packet walk.

failure                    the value: cause, stage, and what the text names
failure_texts              reading one in a text: messages, documents (JSON and YAML), concern, attempts, wordings
suspicion                  what is asked of the walk about it
diagnosis                  what comes of that; meanings: in a sentence
"""
