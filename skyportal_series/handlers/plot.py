"""`/api/photometric_series/<id>/plot`: a picture of the light curve."""

from __future__ import annotations

from ..schemas.plot_query import MEDIA_TYPES, read_plot_query
from . import sending
from .made import MadeHandler, file_name, made_tag


class PlotHandler(MadeHandler):
    """PNG or SVG, drawn when it is asked for."""

    route = "photometric_series/<id>/plot"

    async def get(self, series_id: str) -> None:
        catalog = self.services.catalog
        nsigma = self.services.config.misc.photometry_detection_threshold_nsigma
        answer = await self.find(series_id)
        options = read_plot_query(self.arguments(), nsigma)
        picture = None
        if not self.has(made_tag(answer["hash"], options)):
            picture = await catalog.plotted(self.actor, answer, options)
        name = file_name(answer, options.format)
        tag = made_tag(answer["hash"], options)
        self.describe(tag, MEDIA_TYPES[options.format], name, "inline")
        if picture is None:
            self.set_status(304)
            return
        # An SVG opened by itself is a document, and what may run in it is said here.
        self.set_header("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
        with picture:
            await sending.send(self, [sending.Span(picture.file, 0, picture.size)])

    head = get
