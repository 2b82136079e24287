"""Many series at once, straight into the tables: rows without files."""

from __future__ import annotations

from .setting import Setting

#: A place (right ascension, declination, degrees) with 20 series within the radius (degrees).
CENTRE, RADIUS = (200.0, 30.0), 0.01
_HITS = 20

_OBJECTS = """
INSERT INTO objs (id, ra, dec, internal_key, created_at, modified)
SELECT 'field' || n, 1, 1, md5(n::text), now(), now() FROM generate_series(0, 999) AS n
ON CONFLICT DO NOTHING
"""
_SERIES = """
INSERT INTO photometric_series (obj_id, series_name, series_obj_id, filter, channel, origin,
    filename, mjd_first, mag_first, mjd_mid, mjd_last, mag_last, mjd_last_detected,
    mag_last_detected, is_detected, exp_time, frame_rate, num_exp, time_stamp_alignment, ra, dec,
    limiting_mag, altdata, instrument_id, owner_id, mean_mag, rms_mag, robust_mag, robust_rms,
    median_snr, best_snr, worst_snr, medians, maxima, minima, stds, hash, autodelete,
    created_at, modified)
SELECT 'field' || mod(n, 1000), 'fill/' || mod(n, 200), n::text, 'ztfr', '', '',
    '/fill/' || n || '.h5', t, 18, t + 0.5, t + 1, 18, t + 1, 18, true, 30, 0.05,
    100 + floor(random() * 1000)::int, 'middle',
    CASE WHEN n <= %(hits)s THEN %(ra)s ELSE random() * 360 END,
    CASE WHEN n <= %(hits)s THEN %(dec)s ELSE degrees(asin(random() * 1.998 - 0.999)) END,
    'NaN', '{}', %(instrument)s, %(owner)s, 15 + random() * 7, random(), 15 + random() * 7,
    random(), random() * 50, random() * 90, random() * 9, f, f, f, f, md5(n::text), true,
    now(), now()
FROM (SELECT n, 55000 + random() * 5000 AS t,
        jsonb_build_object('mjd', 58000 + n, 'flux', random() * 1000, 'fluxerr', 3.5) AS f
    FROM generate_series(%(first)s, %(last)s) AS n) AS numbers
"""
_SHARES = """
INSERT INTO group_photometric_series (group_id, photometric_serie_id, created_at, modified)
SELECT %(group)s, id, now(), now() FROM photometric_series s
WHERE s.filename LIKE '/fill/%%' AND NOT EXISTS
    (SELECT FROM group_photometric_series g WHERE g.photometric_serie_id = s.id)
"""


def fill(setting: Setting, count: int) -> None:
    """Add series until there are about `count`: of the default user, shared with their group."""
    connection = setting.database()
    cursor = connection.cursor()
    cursor.execute("SELECT count(*) FROM photometric_series WHERE filename LIKE '/fill/%'")
    first = cursor.fetchone()[0] + 1
    cursor.execute(_OBJECTS)
    cursor.execute(
        "SELECT u.id, g.group_id FROM users u JOIN group_users g ON g.user_id = u.id "
        "WHERE u.username = 'alice' ORDER BY g.group_id DESC LIMIT 1"
    )
    owner, group = cursor.fetchone()
    values = {"instrument": setting.server.instrument_id, "owner": owner, "group": group}
    values |= {"first": first, "last": count, "hits": _HITS, "ra": CENTRE[0], "dec": CENTRE[1]}
    cursor.execute(_SERIES, values)
    cursor.execute(_SHARES, values)
    cursor.execute("VACUUM ANALYZE")
    connection.close()
