/* SPDX-License-Identifier: ISC */
/* Boards in JSON. */
#include "packer/boards_json.h"

void boards_put_json(struct json *j, const struct manifest *m)
{
	struct manifest_board board;

	json_open_array(j, "boards");
	for (uint32_t i = 0; i < manifest_head(m)->nboards; i++) {
		manifest_board(m, i, &board);
		json_open_object(j, NULL);
		json_put_string(j, "id", board.id);
		json_put_number(j, "low", board.low);
		json_put_number(j, "high", board.high);
		json_close_object(j);
	}
	json_close_array(j);
}
