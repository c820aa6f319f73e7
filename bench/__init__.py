"""How fast the product is as its people meet it: `make bench`. docs/performance.md explains the figures."""
