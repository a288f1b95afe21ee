"""A domain as a picture and as a page: picture (a graph as data), graph_text, drawing (Graphviz), page (HTML)."""
