"""A lab without NSX: a Policy API over TLS that acts like an NSX Manager, and a stand-in for the vmware/nsxt provider.

Useful on its own to anybody who writes NSX automation; imports nothing of the rest of this distribution.
"""
