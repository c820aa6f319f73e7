"""What stands between the socket and the pages: limits, headers, and an answer when all else breaks."""

__all__ = ["client", "fallback", "fast_path", "limits", "middleware", "process_renewal", "server"]
