"""Apple's services on the network: their own port, and the strings that pull them on the second one."""
