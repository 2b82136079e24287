-- A database of the shape that SkyPortal 1.4.0 gives its own, as far as a photometric series
-- touches it. Facts, not a copy of its source: columns, types, nullability, defaults, constraints
-- and indexes were read off a running one. Not known, and made up here: the labels of the enums
-- instrument_types, followup_apis, followup_listeners and followup_priorities, and what is in
-- galaxys, allocations, observingruns and usersocialauths beyond what other tables refer to.

CREATE TYPE bandpasses AS ENUM (
    'bessellux', 'bessellb', 'bessellv', 'bessellr', 'besselli', 'standard::u', 'standard::b',
    'standard::v', 'standard::r', 'standard::i', 'desu', 'desg', 'desr', 'desi', 'desz', 'desy',
    'sdssu', 'sdssg', 'sdssr', 'sdssi', 'sdssz', 'f435w', 'f475w', 'f555w', 'f606w', 'f625w',
    'f775w', 'f850lp', 'nicf110w', 'nicf160w', 'f098m', 'f105w', 'f110w', 'f125w', 'f127m',
    'f139m', 'f140w', 'f153m', 'f160w', 'f218w', 'f225w', 'f275w', 'f300x', 'f336w', 'f350lp',
    'f390w', 'f689m', 'f763m', 'f845m', 'f438w', 'uvf475w', 'uvf555w', 'uvf606w', 'uvf625w',
    'uvf775w', 'uvf814w', 'uvf850lp', 'kepler', 'cspb', 'csphs', 'csphd', 'cspjs', 'cspjd',
    'cspv3009', 'cspv3014', 'cspv9844', 'cspys', 'cspyd', 'cspg', 'cspi', 'cspk', 'cspr', 'cspu',
    'f070w', 'f090w', 'f115w', 'f150w', 'f200w', 'f277w', 'f356w', 'f444w', 'f140m', 'f162m',
    'f182m', 'f210m', 'f250m', 'f300m', 'f335m', 'f360m', 'f410m', 'f430m', 'f460m', 'f480m',
    'f560w', 'f770w', 'f1000w', 'f1130w', 'f1280w', 'f1500w', 'f1800w', 'f2100w', 'f2550w',
    'f1065c', 'f1140c', 'f1550c', 'f2300c', 'lsstu', 'lsstg', 'lsstr', 'lssti', 'lsstz', 'lssty',
    'keplercam::us', 'keplercam::b', 'keplercam::v', 'keplercam::r', 'keplercam::i',
    '4shooter2::us', '4shooter2::b', '4shooter2::v', '4shooter2::r', '4shooter2::i', 'f062',
    'f087', 'f106', 'f129', 'f158', 'f184', 'f213', 'f146', 'ztfg', 'ztfr', 'ztfi', 'uvot::b',
    'uvot::u', 'uvot::uvm2', 'uvot::uvw1', 'uvot::uvw2', 'uvot::v', 'uvot::white', 'ps1::open',
    'ps1::g', 'ps1::r', 'ps1::i', 'ps1::z', 'ps1::y', 'ps1::w', 'atlasc', 'atlaso', '2massj',
    '2massh', '2massks', 'gaia::gbp', 'gaia::g', 'gaia::grp', 'gaia::grvs', 'tess', 'galex::fuv',
    'galex::nuv', 'gotob', 'gotog', 'gotol', 'gotor', 'skymapperu', 'skymapperg', 'skymapperr',
    'skymapperi', 'skymapperz', 'ztf::g', 'ztf::r', 'ztf::i', 'megacam6::g', 'megacam6::r',
    'megacam6::i', 'megacam6::i2', 'megacam6::z', 'hsc::g', 'hsc::r', 'hsc::r2', 'hsc::i',
    'hsc::i2', 'hsc::z', 'hsc::y', 'swiftxrt', 'nicerxti', 'radio-0.34GHz', 'radio-1.4GHz',
    'radio-3GHz', 'radio-6GHz', 'radio-10GHz', 'radio-15GHz', 'radio-22GHz', 'radio-33GHz',
    'radio-45GHz', 'sma-230GHz', 'sma-345GHz', 'sma-400GHz'
);
CREATE TYPE time_stamp_alignments AS ENUM (
    'start', 'middle', 'end'
);
CREATE TYPE instrument_types AS ENUM (
    'imager', 'spectrograph'
);
CREATE TYPE followup_apis AS ENUM (
    'EXAMPLEAPI'
);
CREATE TYPE followup_listeners AS ENUM (
    'EXAMPLELISTENER'
);
CREATE TYPE followup_priorities AS ENUM (
    '1', '2', '3'
);

CREATE TABLE acls (
    id character varying NOT NULL,
    modified timestamp without time zone NOT NULL,
    created_at timestamp without time zone NOT NULL,
    CONSTRAINT acls_pkey PRIMARY KEY (id)
);

CREATE TABLE users (
    username character varying NOT NULL,
    first_name character varying,
    last_name character varying,
    bio character varying,
    affiliations character varying[] DEFAULT '{}'::character varying[] NOT NULL,
    contact_email character varying(255),
    contact_phone character varying(20),
    oauth_uid character varying,
    preferences jsonb,
    is_bot boolean DEFAULT false NOT NULL,
    expiration_date timestamp without time zone,
    id serial NOT NULL,
    modified timestamp without time zone NOT NULL,
    created_at timestamp without time zone NOT NULL,
    CONSTRAINT users_oauth_uid_key UNIQUE (oauth_uid),
    CONSTRAINT users_username_key UNIQUE (username),
    CONSTRAINT users_pkey PRIMARY KEY (id)
);

CREATE TABLE groups (
    name character varying NOT NULL,
    nickname character varying,
    description text,
    private boolean NOT NULL,
    auto_accept_requests boolean DEFAULT false NOT NULL,
    single_user_group boolean,
    id serial NOT NULL,
    modified timestamp without time zone NOT NULL,
    created_at timestamp without time zone NOT NULL,
    CONSTRAINT groups_pkey PRIMARY KEY (id)
);
CREATE UNIQUE INDEX ix_groups_name ON groups (name);
CREATE UNIQUE INDEX ix_groups_nickname ON groups (nickname);

CREATE TABLE streams (
    name character varying NOT NULL,
    altdata jsonb,
    auto_join boolean DEFAULT false NOT NULL,
    id serial NOT NULL,
    modified timestamp without time zone NOT NULL,
    created_at timestamp without time zone NOT NULL,
    CONSTRAINT streams_name_key UNIQUE (name),
    CONSTRAINT streams_pkey PRIMARY KEY (id)
);

CREATE TABLE telescopes (
    name character varying NOT NULL,
    nickname character varying NOT NULL,
    lat double precision,
    lon double precision,
    elevation double precision,
    mpc_obscode character varying,
    diameter double precision NOT NULL,
    skycam_link text,
    weather_link text,
    robotic boolean NOT NULL,
    fixed_location boolean DEFAULT true NOT NULL,
    id serial NOT NULL,
    modified timestamp without time zone NOT NULL,
    created_at timestamp without time zone NOT NULL,
    CONSTRAINT telescopes_name_key UNIQUE (name),
    CONSTRAINT telescopes_pkey PRIMARY KEY (id)
);

CREATE TABLE galaxys (
    id serial PRIMARY KEY
);

CREATE TABLE objs (
    id character varying NOT NULL,
    ra_dis double precision,
    dec_dis double precision,
    ra_err double precision,
    dec_err double precision,
    "offset" double precision,
    t0 double precision,
    redshift double precision,
    redshift_error double precision,
    redshift_origin character varying,
    redshift_history jsonb,
    host_id integer,
    summary character varying,
    summary_history jsonb,
    altdata jsonb,
    dist_nearest_source double precision,
    mag_nearest_source double precision,
    e_mag_nearest_source double precision,
    transient boolean,
    varstar boolean,
    is_roid boolean,
    mpc_name character varying,
    tns_name character varying,
    tns_info jsonb,
    score double precision,
    origin character varying,
    alias character varying[],
    healpix bigint,
    internal_key character varying NOT NULL,
    detect_photometry_count integer,
    modified timestamp without time zone NOT NULL,
    created_at timestamp without time zone NOT NULL,
    ra double precision,
    dec double precision,
    CONSTRAINT objs_pkey PRIMARY KEY (id),
    CONSTRAINT objs_host_id_fkey FOREIGN KEY (host_id) REFERENCES galaxys(id) ON DELETE CASCADE
);

CREATE TABLE roles (
    id character varying NOT NULL,
    modified timestamp without time zone NOT NULL,
    created_at timestamp without time zone NOT NULL,
    CONSTRAINT roles_pkey PRIMARY KEY (id)
);

CREATE TABLE allocations (
    group_id integer NOT NULL REFERENCES groups (id) ON DELETE CASCADE,
    id serial PRIMARY KEY
);

CREATE TABLE observingruns (
    id serial PRIMARY KEY
);

CREATE TABLE usersocialauths (
    id serial PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users (id),
    uid varchar NOT NULL
);

CREATE TABLE instruments (
    name character varying NOT NULL,
    type instrument_types NOT NULL,
    band character varying,
    telescope_id integer NOT NULL,
    filters bandpasses[] NOT NULL,
    sensitivity_data jsonb,
    configuration_data jsonb,
    status jsonb,
    last_status_update timestamp without time zone,
    api_classname followup_apis,
    api_classname_obsplan followup_apis,
    listener_classname followup_listeners,
    treasuremap_id integer,
    tns_id integer,
    across_id character varying,
    region character varying,
    has_fields boolean DEFAULT false NOT NULL,
    has_region boolean DEFAULT false NOT NULL,
    id serial NOT NULL,
    modified timestamp without time zone NOT NULL,
    created_at timestamp without time zone NOT NULL,
    CONSTRAINT instruments_name_key UNIQUE (name),
    CONSTRAINT instruments_pkey PRIMARY KEY (id),
    CONSTRAINT instruments_telescope_id_fkey FOREIGN KEY (telescope_id)
        REFERENCES telescopes(id) ON DELETE CASCADE
);

CREATE TABLE tokens (
    id character varying NOT NULL,
    created_by_id integer,
    name character varying NOT NULL,
    modified timestamp without time zone NOT NULL,
    created_at timestamp without time zone NOT NULL,
    CONSTRAINT token_name_userid_unique_constraint UNIQUE (created_by_id, name),
    CONSTRAINT tokens_pkey PRIMARY KEY (id),
    CONSTRAINT tokens_created_by_id_fkey FOREIGN KEY (created_by_id)
        REFERENCES users(id) ON DELETE CASCADE
);

CREATE TABLE token_acls (
    token_id character varying NOT NULL,
    acl_id character varying NOT NULL,
    id serial NOT NULL,
    modified timestamp without time zone NOT NULL,
    created_at timestamp without time zone NOT NULL,
    CONSTRAINT token_acls_pkey PRIMARY KEY (id),
    CONSTRAINT token_acls_acl_id_fkey FOREIGN KEY (acl_id) REFERENCES acls(id) ON DELETE CASCADE,
    CONSTRAINT token_acls_token_id_fkey FOREIGN KEY (token_id)
        REFERENCES tokens(id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX token_acls_forward_ind ON token_acls (token_id, acl_id);

CREATE TABLE user_acls (
    user_id integer NOT NULL,
    acl_id character varying NOT NULL,
    id serial NOT NULL,
    modified timestamp without time zone NOT NULL,
    created_at timestamp without time zone NOT NULL,
    CONSTRAINT user_acls_pkey PRIMARY KEY (id),
    CONSTRAINT user_acls_acl_id_fkey FOREIGN KEY (acl_id) REFERENCES acls(id) ON DELETE CASCADE,
    CONSTRAINT user_acls_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX user_acls_forward_ind ON user_acls (user_id, acl_id);

CREATE TABLE role_acls (
    role_id character varying NOT NULL,
    acl_id character varying NOT NULL,
    id serial NOT NULL,
    modified timestamp without time zone NOT NULL,
    created_at timestamp without time zone NOT NULL,
    CONSTRAINT role_acls_pkey PRIMARY KEY (id),
    CONSTRAINT role_acls_acl_id_fkey FOREIGN KEY (acl_id) REFERENCES acls(id) ON DELETE CASCADE,
    CONSTRAINT role_acls_role_id_fkey FOREIGN KEY (role_id) REFERENCES roles(id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX role_acls_forward_ind ON role_acls (role_id, acl_id);

CREATE TABLE user_roles (
    user_id integer NOT NULL,
    role_id character varying NOT NULL,
    id serial NOT NULL,
    modified timestamp without time zone NOT NULL,
    created_at timestamp without time zone NOT NULL,
    CONSTRAINT user_roles_pkey PRIMARY KEY (id),
    CONSTRAINT user_roles_role_id_fkey FOREIGN KEY (role_id)
        REFERENCES roles(id) ON DELETE CASCADE,
    CONSTRAINT user_roles_user_id_fkey FOREIGN KEY (user_id)
        REFERENCES users(id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX user_roles_forward_ind ON user_roles (user_id, role_id);

CREATE TABLE group_users (
    group_id integer NOT NULL,
    user_id integer NOT NULL,
    id serial NOT NULL,
    modified timestamp without time zone NOT NULL,
    created_at timestamp without time zone NOT NULL,
    admin boolean NOT NULL,
    can_save boolean DEFAULT true NOT NULL,
    can_share_photometry boolean DEFAULT false NOT NULL,
    CONSTRAINT group_users_pkey PRIMARY KEY (id),
    CONSTRAINT group_users_group_id_fkey FOREIGN KEY (group_id)
        REFERENCES groups(id) ON DELETE CASCADE,
    CONSTRAINT group_users_user_id_fkey FOREIGN KEY (user_id)
        REFERENCES users(id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX group_users_forward_ind ON group_users (group_id, user_id);

CREATE TABLE group_streams (
    group_id integer NOT NULL,
    stream_id integer NOT NULL,
    id serial NOT NULL,
    modified timestamp without time zone NOT NULL,
    created_at timestamp without time zone NOT NULL,
    CONSTRAINT group_streams_pkey PRIMARY KEY (id),
    CONSTRAINT group_streams_group_id_fkey FOREIGN KEY (group_id)
        REFERENCES groups(id) ON DELETE CASCADE,
    CONSTRAINT group_streams_stream_id_fkey FOREIGN KEY (stream_id)
        REFERENCES streams(id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX group_streams_forward_ind ON group_streams (group_id, stream_id);

CREATE TABLE stream_users (
    stream_id integer NOT NULL,
    user_id integer NOT NULL,
    id serial NOT NULL,
    modified timestamp without time zone NOT NULL,
    created_at timestamp without time zone NOT NULL,
    CONSTRAINT stream_users_pkey PRIMARY KEY (id),
    CONSTRAINT stream_users_stream_id_fkey FOREIGN KEY (stream_id)
        REFERENCES streams(id) ON DELETE CASCADE,
    CONSTRAINT stream_users_user_id_fkey FOREIGN KEY (user_id)
        REFERENCES users(id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX stream_users_forward_ind ON stream_users (stream_id, user_id);

CREATE TABLE sources (
    group_id integer NOT NULL,
    obj_id character varying NOT NULL,
    id serial NOT NULL,
    modified timestamp without time zone NOT NULL,
    created_at timestamp without time zone NOT NULL,
    saved_by_id integer,
    saved_at timestamp without time zone NOT NULL,
    active boolean DEFAULT true,
    requested boolean DEFAULT false,
    unsaved_by_id integer,
    unsaved_at timestamp without time zone,
    CONSTRAINT sources_pkey PRIMARY KEY (id),
    CONSTRAINT sources_group_id_fkey FOREIGN KEY (group_id)
        REFERENCES groups(id) ON DELETE CASCADE,
    CONSTRAINT sources_obj_id_fkey FOREIGN KEY (obj_id) REFERENCES objs(id) ON DELETE CASCADE,
    CONSTRAINT sources_saved_by_id_fkey FOREIGN KEY (saved_by_id) REFERENCES users(id),
    CONSTRAINT sources_unsaved_by_id_fkey FOREIGN KEY (unsaved_by_id) REFERENCES users(id)
);
CREATE UNIQUE INDEX sources_forward_ind ON sources (group_id, obj_id);

CREATE TABLE followuprequests (
    requester_id integer,
    last_modified_by_id integer,
    obj_id character varying NOT NULL,
    payload jsonb NOT NULL,
    status character varying NOT NULL,
    allocation_id integer NOT NULL,
    comment character varying,
    id serial NOT NULL,
    modified timestamp without time zone NOT NULL,
    created_at timestamp without time zone NOT NULL,
    CONSTRAINT followuprequests_pkey PRIMARY KEY (id),
    CONSTRAINT followuprequests_allocation_id_fkey FOREIGN KEY (allocation_id)
        REFERENCES allocations(id) ON DELETE CASCADE,
    CONSTRAINT followuprequests_last_modified_by_id_fkey FOREIGN KEY (last_modified_by_id)
        REFERENCES users(id) ON DELETE SET NULL,
    CONSTRAINT followuprequests_obj_id_fkey FOREIGN KEY (obj_id)
        REFERENCES objs(id) ON DELETE CASCADE,
    CONSTRAINT followuprequests_requester_id_fkey FOREIGN KEY (requester_id)
        REFERENCES users(id) ON DELETE SET NULL
);

CREATE TABLE classicalassignments (
    requester_id integer NOT NULL,
    last_modified_by_id integer,
    obj_id character varying NOT NULL,
    comment character varying,
    status character varying NOT NULL,
    priority followup_priorities NOT NULL,
    run_id integer NOT NULL,
    id serial NOT NULL,
    modified timestamp without time zone NOT NULL,
    created_at timestamp without time zone NOT NULL,
    CONSTRAINT classicalassignments_pkey PRIMARY KEY (id),
    CONSTRAINT classicalassignments_last_modified_by_id_fkey FOREIGN KEY (last_modified_by_id)
        REFERENCES users(id) ON DELETE SET NULL,
    CONSTRAINT classicalassignments_obj_id_fkey FOREIGN KEY (obj_id)
        REFERENCES objs(id) ON DELETE CASCADE,
    CONSTRAINT classicalassignments_requester_id_fkey FOREIGN KEY (requester_id)
        REFERENCES users(id) ON DELETE CASCADE,
    CONSTRAINT classicalassignments_run_id_fkey FOREIGN KEY (run_id)
        REFERENCES observingruns(id) ON DELETE CASCADE
);

CREATE TABLE photometric_series (
    obj_id character varying NOT NULL,
    series_name character varying NOT NULL,
    series_obj_id character varying NOT NULL,
    filter bandpasses NOT NULL,
    channel character varying NOT NULL,
    origin character varying NOT NULL,
    filename character varying NOT NULL,
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
    ra_unc double precision,
    dec_unc double precision,
    limiting_mag double precision NOT NULL,
    ref_flux double precision,
    ref_fluxerr double precision,
    altdata jsonb,
    instrument_id integer NOT NULL,
    followup_request_id integer,
    assignment_id integer,
    owner_id integer NOT NULL,
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
    hash character varying NOT NULL,
    autodelete boolean NOT NULL,
    ra double precision,
    dec double precision,
    id serial NOT NULL,
    modified timestamp without time zone NOT NULL,
    created_at timestamp without time zone NOT NULL,
    CONSTRAINT photometric_series_pkey PRIMARY KEY (id),
    CONSTRAINT photometric_series_assignment_id_fkey FOREIGN KEY (assignment_id)
        REFERENCES classicalassignments(id),
    CONSTRAINT photometric_series_followup_request_id_fkey FOREIGN KEY (followup_request_id)
        REFERENCES followuprequests(id),
    CONSTRAINT photometric_series_instrument_id_fkey FOREIGN KEY (instrument_id)
        REFERENCES instruments(id) ON DELETE CASCADE,
    CONSTRAINT photometric_series_obj_id_fkey FOREIGN KEY (obj_id)
        REFERENCES objs(id) ON DELETE CASCADE,
    CONSTRAINT photometric_series_owner_id_fkey FOREIGN KEY (owner_id)
        REFERENCES users(id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX ix_photometric_series_hash ON photometric_series (hash);
CREATE UNIQUE INDEX phot_series_deduplication_index
    ON photometric_series (obj_id, instrument_id, origin, filter, series_name, series_obj_id, channel);
CREATE UNIQUE INDEX ix_photometric_series_filename ON photometric_series (filename);

CREATE TABLE group_photometric_series (
    group_id integer NOT NULL,
    photometric_serie_id integer NOT NULL,
    id serial NOT NULL,
    modified timestamp without time zone NOT NULL,
    created_at timestamp without time zone NOT NULL,
    CONSTRAINT group_photometric_series_pkey PRIMARY KEY (id),
    CONSTRAINT group_photometric_series_group_id_fkey FOREIGN KEY (group_id)
        REFERENCES groups(id) ON DELETE CASCADE,
    CONSTRAINT group_photometric_series_photometric_serie_id_fkey FOREIGN KEY (photometric_serie_id)
        REFERENCES photometric_series(id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX group_photometric_series_forward_ind
    ON group_photometric_series (group_id, photometric_serie_id);

CREATE TABLE stream_photometric_series (
    stream_id integer NOT NULL,
    photometric_serie_id integer NOT NULL,
    id serial NOT NULL,
    modified timestamp without time zone NOT NULL,
    created_at timestamp without time zone NOT NULL,
    CONSTRAINT stream_photometric_series_pkey PRIMARY KEY (id),
    CONSTRAINT stream_photometric_series_photometric_serie_id_fkey FOREIGN KEY (photometric_serie_id)
        REFERENCES photometric_series(id) ON DELETE CASCADE,
    CONSTRAINT stream_photometric_series_stream_id_fkey FOREIGN KEY (stream_id)
        REFERENCES streams(id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX stream_photometric_series_forward_ind
    ON stream_photometric_series (stream_id, photometric_serie_id);

-- Among its many other indexes: those that limit how many columns a series can have there.
CREATE INDEX ix_photometric_series_medians ON photometric_series (medians);
CREATE INDEX ix_photometric_series_maxima ON photometric_series (maxima);
CREATE INDEX ix_photometric_series_minima ON photometric_series (minima);
CREATE INDEX ix_photometric_series_stds ON photometric_series (stds);
CREATE INDEX ix_photometric_series_point
    ON photometric_series ((cosd(ra) * cosd(dec)), (sind(ra) * cosd(dec)), sind(dec));
