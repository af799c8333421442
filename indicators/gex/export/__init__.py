"""What other programs read: Sierra Chart, TradingView, NinjaTrader, and the files of one analysis."""
