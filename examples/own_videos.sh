#!/usr/bin/env bash
# One's own videos, from the shell: own_videos.sh FOLDER [WORKSPACE]
#
# FOLDER has a folder for each sign. Without FOLDER the clips that come with signpipe are used.
set -euo pipefail
videos=${1:-$(python -c 'from signpipe.demo.clips import clips_folder; print(clips_folder())')}
export SIGNPIPE_WORKSPACE=${2:-own-videos-workspace}

labels=()
if [ -f "$videos/labels.csv" ]; then # path,label,signer,split: says who signs
  labels=(--labels "$videos/labels.csv")
fi

signpipe extract "$videos" "${labels[@]}" || [ $? -eq 1 ] # 1: some clips failed, the rest goes on
signpipe pretrain
signpipe finetune
signpipe evaluate --split test
signpipe status

# The clip table says which clips are good: here the first of them.
clip=$(python - <<'PYTHON'
import csv, os

with open(os.environ["SIGNPIPE_WORKSPACE"] + "/clips.csv", newline="") as table:
    print(next(row["source"] for row in csv.DictReader(table) if row["status"] == "ok"))
PYTHON
)
signpipe predict "$clip" --overlay own-videos-overlay.mp4
