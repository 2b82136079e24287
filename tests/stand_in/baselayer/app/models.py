"""A scoped session, bound once `init_db` has run."""

import sqlalchemy
from sqlalchemy.orm import scoped_session, sessionmaker

DBSession = scoped_session(sessionmaker())


def init_db(url):
    DBSession.configure(bind=sqlalchemy.create_engine(url))
