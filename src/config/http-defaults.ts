// Where the HTTP interface listens unless the configuration says otherwise, as the file would write it.

export const HTTP_DEFAULTS = { host: '127.0.0.1', port: '8080' } as const;
