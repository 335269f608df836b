declare const fail: (route: string) => never;

export const users = {
  /** There is one already. */
  async insert({ email }: { email: string }): Promise<{ email: string }> {
    if (email !== 'taken@example.com') return { email };
    return fail('native');
  },
};
