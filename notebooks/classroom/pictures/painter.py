"""Paints a view as fast as it moves: what stays is drawn once, what moves is drawn over it."""

import io

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

from classroom.pictures import style

DRAFT, SHARP = 1, 2  # pixels to the point, while a slider moves and when it rests


class Painter:
    """Paints the moving artists of a view over its background, which is drawn once.

    Of the moving artists, those that come first and did not change are kept as pixels, too.
    """

    def __init__(self, view):
        self.view = view
        self.canvas = FigureCanvasAgg(view.figure)
        self.canvas.mpl_connect("draw_event", self._drawn)
        self.limits = None
        self.layers = {}  # of each sharpness: [(how many artists are painted, pixels), ...]
        with style.style():
            self.error = view.figure.text(0.5, 0.5, "", ha="center", va="center", fontsize=15)
        self.error.set(animated=True, in_layout=False, color=style.SERIES[1], parse_math=False)
        self.error.set_bbox({"facecolor": "white", "edgecolor": "none", "pad": 8})

    def _drawn(self, event):
        if event.canvas.is_saving():  # that left no artist stale
            self.layers = {}

    def paint(self, sharpness, error=None):
        """The picture as an array (height, width, 4), with an error in place of what moves."""
        with style.DRAWING, np.errstate(all="ignore"):
            self._prepare(sharpness)
            if error:
                self.error.set_text(_folded(error))
                self._over(sharpness, 0, [self.error])
            else:
                self._over(sharpness, self._unchanged(), self.view.moving)
            return np.asarray(self.canvas.buffer_rgba())

    def _prepare(self, sharpness):
        """Set the size, and draw what stays if that has not been done."""
        figure = self.view.figure
        if figure.dpi != style.DPI * sharpness:  # setting it makes every transform anew
            figure.set_dpi(style.DPI * sharpness)
        limits = [ax.viewLim.extents.tolist() for ax in figure.axes]
        if limits != self.limits or self.view.painter is not self:
            self.limits, self.view.painter, self.layers = limits, self, {}
        if sharpness not in self.layers:
            with style.style():
                self.canvas.draw()
            figure.set_layout_engine("none")  # where the axes lie is settled
            self.layers[sharpness] = [(0, self.canvas.copy_from_bbox(figure.bbox))]

    def _unchanged(self):
        """How many artists at the beginning are as they were painted last."""
        moving = self.view.moving
        same = next((i for i, artist in enumerate(moving) if artist.stale), len(moving))
        for layers in self.layers.values():
            layers[:] = [(count, pixels) for count, pixels in layers if count <= same]
        return same

    def _over(self, sharpness, same, artists):
        """Paint the artists over what is there of the first of them."""
        layers, renderer = self.layers[sharpness], self.canvas.get_renderer()
        count, pixels = [layer for layer in layers if layer[0] <= same][-1]
        self.canvas.restore_region(pixels)
        for i, artist in enumerate(artists[count:], count):
            if i == same > count:
                layers[1:] = [(same, self.canvas.copy_from_bbox(self.view.figure.bbox))]
            artist.draw(renderer)
            artist.stale = False  # one that is empty or hidden stays stale by itself

    def jpeg(self, sharpness, error=None):
        """The same as the bytes of a JPEG."""
        pixels = self.paint(sharpness, error)
        height, width = pixels.shape[:2]
        image = Image.frombuffer("RGBX", (width, height), pixels, "raw", "RGBX", 0, 1)
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=88, subsampling=0 if sharpness == SHARP else 2)
        return buffer.getvalue()


def _folded(text, width=70):
    words, lines = text.split(), [""]
    for word in words:
        if len(lines[-1]) + len(word) > width:
            lines.append("")
        lines[-1] += word + " "
    return "\n".join(line[:width].strip() for line in lines[:5])
