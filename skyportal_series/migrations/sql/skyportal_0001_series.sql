-- Photometric series and with whom they are shared, as SkyPortal has them, but without its indexes
-- on medians, maxima, minima, stds: a btree row holds some 2,700 bytes, so that a series of some
-- hundred columns could not be stored.

CREATE TABLE IF NOT EXISTS photometric_series (
    id serial PRIMARY KEY,
    obj_id varchar NOT NULL REFERENCES objs (id) ON DELETE CASCADE,
    series_name varchar NOT NULL,
    series_obj_id varchar NOT NULL,
    filter bandpasses NOT NULL,
    channel varchar NOT NULL,
    origin varchar NOT NULL,
    filename varchar NOT NULL,
    mjd_first double precision NOT NULL,
    mag_first double precision NOT NULL,
    mjd_mid double precision NOT NULL,
    mjd_last double precision NOT NULL,
    mag_last double precision NOT NULL,
    mjd_last_detected double precision,
    mag_last_detected double precision,
    is_detected boolean NOT NULL,
    exp_time double precision NOT NULL,
    frame_rate double precision NOT NULL,
    num_exp integer NOT NULL,
    time_stamp_alignment time_stamp_alignments NOT NULL,
    ra double precision,
    dec double precision,
    ra_unc double precision,
    dec_unc double precision,
    limiting_mag double precision NOT NULL,
    ref_flux double precision,
    ref_fluxerr double precision,
    altdata jsonb,
    instrument_id integer NOT NULL REFERENCES instruments (id) ON DELETE CASCADE,
    followup_request_id integer REFERENCES followuprequests (id),
    assignment_id integer REFERENCES classicalassignments (id),
    owner_id integer NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    mean_mag double precision,
    rms_mag double precision,
    robust_mag double precision,
    robust_rms double precision,
    median_snr double precision,
    best_snr double precision,
    worst_snr double precision,
    medians jsonb,
    maxima jsonb,
    minima jsonb,
    stds jsonb,
    hash varchar NOT NULL,
    autodelete boolean NOT NULL,
    created_at timestamp NOT NULL,
    modified timestamp NOT NULL
);
CREATE INDEX IF NOT EXISTS ix_photometric_series_assignment_id
    ON photometric_series (assignment_id);
CREATE INDEX IF NOT EXISTS ix_photometric_series_best_snr ON photometric_series (best_snr);
CREATE INDEX IF NOT EXISTS ix_photometric_series_exp_time ON photometric_series (exp_time);
CREATE UNIQUE INDEX IF NOT EXISTS ix_photometric_series_filename ON photometric_series (filename);
CREATE INDEX IF NOT EXISTS ix_photometric_series_filter ON photometric_series (filter);
CREATE INDEX IF NOT EXISTS ix_photometric_series_followup_request_id
    ON photometric_series (followup_request_id);
CREATE INDEX IF NOT EXISTS ix_photometric_series_frame_rate ON photometric_series (frame_rate);
CREATE UNIQUE INDEX IF NOT EXISTS ix_photometric_series_hash ON photometric_series (hash);
CREATE INDEX IF NOT EXISTS ix_photometric_series_instrument_id
    ON photometric_series (instrument_id);
CREATE INDEX IF NOT EXISTS ix_photometric_series_limiting_mag ON photometric_series (limiting_mag);
CREATE INDEX IF NOT EXISTS ix_photometric_series_mean_mag ON photometric_series (mean_mag);
CREATE INDEX IF NOT EXISTS ix_photometric_series_median_snr ON photometric_series (median_snr);
CREATE INDEX IF NOT EXISTS ix_photometric_series_mjd_first ON photometric_series (mjd_first);
CREATE INDEX IF NOT EXISTS ix_photometric_series_mjd_last ON photometric_series (mjd_last);
CREATE INDEX IF NOT EXISTS ix_photometric_series_mjd_mid ON photometric_series (mjd_mid);
CREATE INDEX IF NOT EXISTS ix_photometric_series_num_exp ON photometric_series (num_exp);
CREATE INDEX IF NOT EXISTS ix_photometric_series_obj_id_id ON photometric_series (obj_id, id);
CREATE INDEX IF NOT EXISTS ix_photometric_series_owner_id_id
    ON photometric_series (owner_id, id);
CREATE INDEX IF NOT EXISTS ix_photometric_series_point
    ON photometric_series ((cosd(ra) * cosd(dec)), (sind(ra) * cosd(dec)), sind(dec));
CREATE INDEX IF NOT EXISTS ix_photometric_series_ref_flux ON photometric_series (ref_flux);
CREATE INDEX IF NOT EXISTS ix_photometric_series_rms_mag ON photometric_series (rms_mag);
CREATE INDEX IF NOT EXISTS ix_photometric_series_robust_mag ON photometric_series (robust_mag);
CREATE INDEX IF NOT EXISTS ix_photometric_series_robust_rms ON photometric_series (robust_rms);
CREATE INDEX IF NOT EXISTS ix_photometric_series_series_name ON photometric_series (series_name);
CREATE INDEX IF NOT EXISTS ix_photometric_series_series_obj_id
    ON photometric_series (series_obj_id);
CREATE INDEX IF NOT EXISTS ix_photometric_series_worst_snr ON photometric_series (worst_snr);
CREATE UNIQUE INDEX IF NOT EXISTS phot_series_deduplication_index
    ON photometric_series (obj_id, instrument_id, origin, filter, series_name,
        series_obj_id, channel);

CREATE TABLE IF NOT EXISTS group_photometric_series (
    id serial PRIMARY KEY,
    group_id integer NOT NULL REFERENCES groups (id) ON DELETE CASCADE,
    photometric_serie_id integer NOT NULL REFERENCES photometric_series (id) ON DELETE CASCADE,
    created_at timestamp NOT NULL,
    modified timestamp NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS group_photometric_series_forward_ind
    ON group_photometric_series (group_id, photometric_serie_id);
CREATE INDEX IF NOT EXISTS group_photometric_series_reverse_ind
    ON group_photometric_series (photometric_serie_id, group_id);

CREATE TABLE IF NOT EXISTS stream_photometric_series (
    id serial PRIMARY KEY,
    stream_id integer NOT NULL REFERENCES streams (id) ON DELETE CASCADE,
    photometric_serie_id integer NOT NULL REFERENCES photometric_series (id) ON DELETE CASCADE,
    created_at timestamp NOT NULL,
    modified timestamp NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS stream_photometric_series_forward_ind
    ON stream_photometric_series (stream_id, photometric_serie_id);
CREATE INDEX IF NOT EXISTS stream_photometric_series_reverse_ind
    ON stream_photometric_series (photometric_serie_id, stream_id);
