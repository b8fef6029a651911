/** Arguments on which sipc decides otherwise: probe → why. A row without a difference fails the test. */
const rows: readonly { readonly why: string; readonly names: string }[] = [
  {
    why: 'the value of an expression that the function can do nothing with: both give the call up, and it is false; Kamailio leaves $rc as it was, here it is -1',
    names: `
      is_present_hf_undefined is_present_hf_null_value remove_hf_undefined remove_hf_null_value
      is_e164_variable is_e164_text_variable is_e164_undefined is_e164_null_value is_e164_select
      in_list_text_variable in_list_undefined in_list_null_value in_list_select
      t_set_fr_text_variable t_set_fr_select route_undefined route_null_value`,
  },
  {
    why: 'Kamailio takes a comma with nothing before it, and the level is then that of errors; here it is a slip',
    names: 'xlog_level_none',
  },
];

export const explainedArguments: ReadonlyMap<string, string> = new Map(
  rows.flatMap(({ why, names }) =>
    names
      .trim()
      .split(/\s+/)
      .map((name) => [name, why] as const),
  ),
);
