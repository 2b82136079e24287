"""SkyPortal's factory: routes of its own, a catch-all, a specification set at its end."""

import apispec
import tornado.web
from baselayer.app.models import init_db


class OldHandler(tornado.web.RequestHandler):
    def get(self, *_):
        self.write("SkyPortal's own")

    post = get


class NotFound(tornado.web.RequestHandler):
    def get(self):
        self.set_status(404)


def make_app(cfg, baselayer_handlers, baselayer_settings, process=None, env=None):
    init_db(**cfg["database"])
    handlers = [
        *baselayer_handlers,
        (r"/api/sources", OldHandler),
        (r"/api/photometric_series(/[0-9]+)?", OldHandler),
        (r"/api/.*", NotFound),
    ]
    settings = dict(baselayer_settings) | {"cookie_secret": cfg["app.secret_key"]}
    app = tornado.web.Application(handlers, **settings)
    app.cfg = cfg
    app.openapi_spec = apispec.APISpec("SkyPortal", "1.4.0", "3.0.2")
    return app
