"""Pictures: palette and style, figures that stand still, figures that follow values."""
