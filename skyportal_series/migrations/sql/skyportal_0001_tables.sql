-- The tables that a photometric series touches, as SkyPortal has them, less the columns that the
-- plugin never needs. Names of constraints are those that PostgreSQL gives by itself.

CREATE TABLE IF NOT EXISTS acls (
    id varchar PRIMARY KEY,
    created_at timestamp NOT NULL,
    modified timestamp NOT NULL
);

CREATE TABLE IF NOT EXISTS groups (
    id serial PRIMARY KEY,
    name varchar NOT NULL,
    nickname varchar,
    description text,
    private boolean NOT NULL,
    auto_accept_requests boolean DEFAULT false NOT NULL,
    single_user_group boolean,
    created_at timestamp NOT NULL,
    modified timestamp NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS ix_groups_name ON groups (name);
CREATE UNIQUE INDEX IF NOT EXISTS ix_groups_nickname ON groups (nickname);

CREATE TABLE IF NOT EXISTS objs (
    id varchar PRIMARY KEY,
    ra double precision,
    dec double precision,
    redshift double precision,
    origin varchar,
    internal_key varchar NOT NULL,
    created_at timestamp NOT NULL,
    modified timestamp NOT NULL
);

CREATE TABLE IF NOT EXISTS roles (
    id varchar PRIMARY KEY,
    created_at timestamp NOT NULL,
    modified timestamp NOT NULL
);

CREATE TABLE IF NOT EXISTS streams (
    id serial PRIMARY KEY,
    name varchar NOT NULL UNIQUE,
    altdata jsonb,
    auto_join boolean DEFAULT false NOT NULL,
    created_at timestamp NOT NULL,
    modified timestamp NOT NULL
);

CREATE TABLE IF NOT EXISTS telescopes (
    id serial PRIMARY KEY,
    name varchar NOT NULL UNIQUE,
    nickname varchar NOT NULL,
    lat double precision,
    lon double precision,
    elevation double precision,
    diameter double precision NOT NULL,
    robotic boolean NOT NULL,
    fixed_location boolean DEFAULT true NOT NULL,
    created_at timestamp NOT NULL,
    modified timestamp NOT NULL
);

CREATE TABLE IF NOT EXISTS users (
    id serial PRIMARY KEY,
    username varchar NOT NULL UNIQUE,
    first_name varchar,
    last_name varchar,
    affiliations varchar[] DEFAULT '{}'::character varying[] NOT NULL,
    contact_email varchar(255),
    oauth_uid varchar UNIQUE,
    is_bot boolean DEFAULT false NOT NULL,
    expiration_date timestamp,
    created_at timestamp NOT NULL,
    modified timestamp NOT NULL
);

CREATE TABLE IF NOT EXISTS allocations (
    id serial PRIMARY KEY,
    group_id integer REFERENCES groups (id) ON DELETE CASCADE,
    created_at timestamp NOT NULL,
    modified timestamp NOT NULL
);

CREATE TABLE IF NOT EXISTS group_streams (
    id serial PRIMARY KEY,
    group_id integer NOT NULL REFERENCES groups (id) ON DELETE CASCADE,
    stream_id integer NOT NULL REFERENCES streams (id) ON DELETE CASCADE,
    created_at timestamp NOT NULL,
    modified timestamp NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS group_streams_forward_ind ON group_streams (group_id, stream_id);

CREATE TABLE IF NOT EXISTS group_users (
    id serial PRIMARY KEY,
    group_id integer NOT NULL REFERENCES groups (id) ON DELETE CASCADE,
    user_id integer NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    admin boolean NOT NULL,
    can_save boolean DEFAULT true NOT NULL,
    can_share_photometry boolean DEFAULT false NOT NULL,
    created_at timestamp NOT NULL,
    modified timestamp NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS group_users_forward_ind ON group_users (group_id, user_id);
CREATE INDEX IF NOT EXISTS group_users_reverse_ind ON group_users (user_id, group_id);

CREATE TABLE IF NOT EXISTS instruments (
    id serial PRIMARY KEY,
    name varchar NOT NULL UNIQUE,
    band varchar,
    telescope_id integer NOT NULL REFERENCES telescopes (id) ON DELETE CASCADE,
    created_at timestamp NOT NULL,
    modified timestamp NOT NULL
);

CREATE TABLE IF NOT EXISTS observingruns (
    id serial PRIMARY KEY,
    group_id integer REFERENCES groups (id) ON DELETE CASCADE,
    created_at timestamp NOT NULL,
    modified timestamp NOT NULL
);

CREATE TABLE IF NOT EXISTS role_acls (
    id serial PRIMARY KEY,
    role_id varchar NOT NULL REFERENCES roles (id) ON DELETE CASCADE,
    acl_id varchar NOT NULL REFERENCES acls (id) ON DELETE CASCADE,
    created_at timestamp NOT NULL,
    modified timestamp NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS role_acls_forward_ind ON role_acls (role_id, acl_id);

CREATE TABLE IF NOT EXISTS stream_users (
    id serial PRIMARY KEY,
    stream_id integer NOT NULL REFERENCES streams (id) ON DELETE CASCADE,
    user_id integer NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at timestamp NOT NULL,
    modified timestamp NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS stream_users_forward_ind ON stream_users (stream_id, user_id);
CREATE INDEX IF NOT EXISTS stream_users_reverse_ind ON stream_users (user_id, stream_id);

CREATE TABLE IF NOT EXISTS tokens (
    id varchar PRIMARY KEY,
    created_by_id integer REFERENCES users (id) ON DELETE CASCADE,
    name varchar NOT NULL,
    created_at timestamp NOT NULL,
    modified timestamp NOT NULL,
    CONSTRAINT token_name_userid_unique_constraint UNIQUE (created_by_id, name)
);

CREATE TABLE IF NOT EXISTS user_acls (
    id serial PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    acl_id varchar NOT NULL REFERENCES acls (id) ON DELETE CASCADE,
    created_at timestamp NOT NULL,
    modified timestamp NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS user_acls_forward_ind ON user_acls (user_id, acl_id);

CREATE TABLE IF NOT EXISTS user_roles (
    id serial PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role_id varchar NOT NULL REFERENCES roles (id) ON DELETE CASCADE,
    created_at timestamp NOT NULL,
    modified timestamp NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS user_roles_forward_ind ON user_roles (user_id, role_id);

CREATE TABLE IF NOT EXISTS classicalassignments (
    id serial PRIMARY KEY,
    requester_id integer NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    last_modified_by_id integer REFERENCES users (id) ON DELETE SET NULL,
    obj_id varchar NOT NULL REFERENCES objs (id) ON DELETE CASCADE,
    comment varchar,
    status varchar NOT NULL,
    run_id integer NOT NULL REFERENCES observingruns (id) ON DELETE CASCADE,
    created_at timestamp NOT NULL,
    modified timestamp NOT NULL
);

CREATE TABLE IF NOT EXISTS followuprequests (
    id serial PRIMARY KEY,
    requester_id integer REFERENCES users (id) ON DELETE SET NULL,
    last_modified_by_id integer REFERENCES users (id) ON DELETE SET NULL,
    obj_id varchar NOT NULL REFERENCES objs (id) ON DELETE CASCADE,
    payload jsonb NOT NULL,
    status varchar NOT NULL,
    allocation_id integer NOT NULL REFERENCES allocations (id) ON DELETE CASCADE,
    comment varchar,
    created_at timestamp NOT NULL,
    modified timestamp NOT NULL
);

CREATE TABLE IF NOT EXISTS token_acls (
    id serial PRIMARY KEY,
    token_id varchar NOT NULL REFERENCES tokens (id) ON DELETE CASCADE,
    acl_id varchar NOT NULL REFERENCES acls (id) ON DELETE CASCADE,
    created_at timestamp NOT NULL,
    modified timestamp NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS token_acls_forward_ind ON token_acls (token_id, acl_id);
