/** Arguments on which sipc decides otherwise: probe → why. A row without a difference fails the test. */
const rows: readonly { readonly why: string; readonly names: string }[] = [
  {
    why: 'the function itself refuses it when Kamailio prepares its calls; here the value is looked at when the call runs, and the call is false or does nothing',
    names: `
      is_method_empty is_method_variable_text is_present_hf_spaced is_present_hf_empty
      is_present_hf_variable_text append_hf_variable append_hf_text_variable append_hf_undefined
      append_hf_null_value append_hf_select append_hf_2_spaced append_hf_2_empty append_hf_2_variable
      append_hf_2_variable_text append_hf_2_text_variable append_hf_2_undefined append_hf_2_null_value
      append_hf_2_select remove_hf_spaced remove_hf_empty remove_hf_variable_text has_body_text
      has_body_digits has_body_spaced has_body_hex has_body_single has_body_number has_body_zero
      has_body_negative has_body_large has_body_sum has_body_joined has_body_variable
      has_body_variable_text has_body_text_variable has_body_undefined has_body_null_value has_body_select
      has_body_brackets has_body_truth in_list_text in_list_spaced in_list_hex in_list_empty
      in_list_single in_list_negative in_list_large in_list_joined in_list_variable_text t_set_fr_spaced
      t_set_fr_hex t_on_failure_variable t_on_failure_text_variable t_on_failure_undefined
      t_on_failure_null_value t_on_failure_select t_is_set_variable t_is_set_text_variable
      t_is_set_undefined t_is_set_null_value t_is_set_select setflag_digits setflag_spaced setflag_hex
      setflag_brackets isflagset_digits isflagset_spaced isflagset_hex isflagset_brackets strip_brackets
      route_sum xlog_two xlog_level_text xlog_level_digits xlog_level_spaced xlog_level_hex
      xlog_level_empty xlog_level_single xlog_level_number xlog_level_zero xlog_level_negative
      xlog_level_large xlog_level_sum xlog_level_joined xlog_level_brackets xlog_level_two`,
  },
  {
    why: 'a regular expression or a list of methods that is known only when the call runs: here it has to be a constant',
    names: `
      is_method_truth search_variable search_text_variable search_undefined search_null_value
      search_select search_truth search_body_variable search_body_text_variable search_body_undefined
      search_body_null_value search_body_select search_body_truth is_e164_variable is_e164_text_variable
      is_e164_undefined is_e164_null_value is_e164_select t_check_status_truth xlog_truth`,
  },
  {
    why: 'Kamailio takes a word or number it can do nothing with, and the call is false; here it is an error',
    names: `
      t_set_fr_empty t_is_set_text t_is_set_digits t_is_set_spaced t_is_set_hex t_is_set_empty
      t_is_set_single t_is_set_number t_is_set_zero t_is_set_negative t_is_set_large t_is_set_sum
      t_is_set_joined t_is_set_variable_text t_is_set_brackets xlog_level_none`,
  },
  {
    why: 'an undefined value or a text that is no number: Kamailio goes on with an empty one or a default, here the call is false',
    names: `
      is_present_hf_undefined is_present_hf_null_value remove_hf_undefined remove_hf_null_value
      in_list_text_variable in_list_undefined in_list_null_value in_list_select t_set_fr_text_variable
      t_set_fr_undefined t_set_fr_null_value t_set_fr_select route_undefined route_null_value`,
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
