"""What is planned, in the kernel: namespaces, links, rules, and packets sent and watched."""
