/* SPDX-License-Identifier: ISC */
/* Boards in JSON. */
#include "packer/boards_json.h"

void boards_put_json(struct json *j, const struct manifest *m)
{
	struct manifest_board board;

	json_array(j, "boards");
	for (uint32_t i = 0; i < manifest_head(m)->nboards; i++) {
		manifest_board(m, i, &board);
		json_object(j, NULL);
		json_string(j, "id", board.id);
		json_number(j, "low", board.low);
		json_number(j, "high", board.high);
		json_end_object(j);
	}
	json_end_array(j);
}
