"""The compiled search for machines without buffers: whole jobs give way, so that no move leads into a deadlock."""
