/** Scheme, perhaps a user with a password in which anything may stand or a user alone, host, port and path, perhaps a query. */
const ADDRESS =
  /^([\w+.:-]+:\/\/)(?:([^:/@]*):.*@|([^:/@]*)@)?((?:\[[\da-f:.]+\]|[^:/@?[\]]*)(?::\d*)?(?:\/[^@?]*)?)(\?.*)?$/i;

/** The value of a setting as an error may show it: an address without its password. Where there is no telling what is one, nothing. */
export function withoutPassword(setting: string, value: string): string {
  if (setting !== 'DATABASE_URL' && !value.includes('://')) return value;
  const [, scheme, user, userAlone, rest, query = ''] = ADDRESS.exec(value) ?? [];
  if (scheme === undefined) return '***';
  const login = user !== undefined ? `${user}:***@` : userAlone !== undefined ? `${userAlone}@` : '';
  return `${scheme}${login}${rest}${query.replace(/([?&](?:password|sslpassword)=)[^&]*/gi, '$1***')}`;
}
