import { type Conflicts, defineConflicts } from 'db-http-errors';

const EMAIL_TAKEN = { resource: 'account', fields: ['email'], detail: 'This address is taken.' };
const DOMAIN_TAKEN = { resource: 'domain', fields: ['name'], detail: 'This domain is already in use.' };

// #region recipe: The rules of the DNS records
const CNAME_ALONE = {
  code: 'overlap',
  resource: 'dns_record',
  fields: ['name'],
  detail: 'A CNAME record cannot stand beside other records of the same name.',
} as const;
// #endregion

// #region recipe: The rule of a trigger
const SHIPPED = { resource: 'order', detail: 'The order has already been shipped.' };
// #endregion

/** The words of the recipes, for all engines. */
export const conflicts: Conflicts = defineConflicts({
  rules: {
    accounts_email_key: EMAIL_TAKEN,
    'accounts(email)': EMAIL_TAKEN,
    domains_name_key: DOMAIN_TAKEN,
    'domains(name)': DOMAIN_TAKEN,
    dns_records_cname: CNAME_ALONE,
    dns_records_one_cname: CNAME_ALONE,
    order_already_shipped: SHIPPED,
  },
});
